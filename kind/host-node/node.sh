#!/bin/bash
# node.sh: a Kubernetes of one node on this machine; started by up.sh, in mount, network and process
# namespaces of its own. It runs as process 1 of them: whatever ends it, and whichever part of the node ends first, takes
# everything along, and nothing of it was ever seen outside, except cgroups below traceprobe-node-*.
# By environment: HOST_NODE (its directory) and programs: ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBE_SCHEDULER, KUBELET, KUBECTL, NODE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/names.sh"
node=host-node
address=10.245.0.1     # of the node, on an interface of its own
service=10.96.0.1      # what pods know the API server by: the node has it too, so that no proxy is needed
export PATH=$PATH:/usr/sbin:/sbin
logs=$directory/logs
mkdir -p "$logs" "$directory"/{etcd,containerd,cni,addresses,kubelet,pods,plugins}

# --- Network: pods see each other and the node, and nothing else.
ip link set lo up
ip link add node0 type bridge
ip address add $address/24 dev node0
ip address add $service/32 dev node0
ip link set node0 up
ip route add default dev node0
echo 1 >/proc/sys/net/ipv4/ip_forward

# --- Mounts: what is the machine's by fixed name is the node's own here.
mount --make-rshared /
for path in /run/containerd /run/netns /var/lib/kubelet /var/lib/cni /var/log/containers /var/log/pods /var/lib/traceprobe; do
  mkdir -p $path
  mount -t tmpfs tmpfs $path
done
mount --make-shared /run/netns
mount -t bpf bpf /sys/fs/bpf
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
mount -t tmpfs -o size=512m tmpfs "$directory/etcd"
# The kubelet insists on these, and they are the whole machine's: it sees what it wants, and changes nothing.
while read -r setting value; do
  echo "$value" >"$directory/${setting##*/}"
  mount --bind "$directory/${setting##*/}" "/proc/sys/$setting"
done <<'S'
vm/overcommit_memory 1
kernel/panic 10
kernel/panic_on_oops 1
S

# --- Cgroups: the one thing that is seen outside. The kubelet wants its root to be there.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  if [ -e "$hierarchy/cgroup.procs" ]; then mkdir -p "$hierarchy/$cgroup"; fi
done

start() { # NAME COMMAND…
  local name=$1
  shift
  "$@" >"$logs/$name.log" 2>&1 </dev/null &
  echo "$! $name" >>"$directory/parts"
}

waitFor() { # COMMAND…: until it succeeds, while everything that was started runs
  until "$@" >/dev/null 2>&1; do
    [ "$(jobs -rp | wc -l)" = "$(wc -l <"$directory/parts")" ] || exit 1
    sleep 0.1
  done
}

# --- Runtime.
cat >"$directory/containerd.toml" <<T
version = 2
root = "$directory/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "$here/../lib/runc.sh"
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$directory/cni"
T
cat >"$directory/cni/10-host-node.conflist" <<J
{ "cniVersion": "0.4.0", "name": "host-node", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
    "ipam": { "type": "host-local", "dataDir": "$directory/addresses",
              "ranges": [[{ "subnet": "10.244.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } } ] }
J
start containerd containerd --config "$directory/containerd.toml"

# --- Control plane.
start etcd "$ETCD" --name host --data-dir "$directory/etcd/data" --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster host=http://127.0.0.1:2380
pki=$directory/pki
"$here/certificates.sh" "$pki" $node $address $service
start apiserver "$KUBE_APISERVER" --etcd-servers=http://127.0.0.1:2379 --secure-port=443 \
  --advertise-address=$address --service-cluster-ip-range=10.96.0.0/16 \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
  --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
  --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$pki/serviceaccount.key" --service-account-signing-key-file="$pki/serviceaccount.key" \
  --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
  --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key"

waitFor ctr version
for image in "$directory"/images/*.tar; do
  ctr --namespace k8s.io images import "$image" >>"$logs/import.log" 2>&1
done
kubectl() { "$KUBECTL" --kubeconfig "$pki/admin.conf" "$@"; }
waitFor kubectl get --raw /readyz

# More requests than by default: a namespace would get its default ServiceAccount 5 s late.
start controller-manager "$KUBE_CONTROLLER_MANAGER" --kubeconfig="$pki/controller-manager.conf" --leader-elect=false \
  --authentication-kubeconfig="$pki/controller-manager.conf" --authorization-kubeconfig="$pki/controller-manager.conf" \
  --use-service-account-credentials --service-account-private-key-file="$pki/serviceaccount.key" \
  --root-ca-file="$pki/ca.crt" --kube-api-qps=500 --kube-api-burst=1000 --bind-address=127.0.0.1
cat >"$directory/scheduler.yaml" <<Y
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: { kubeconfig: $pki/scheduler.conf }
leaderElection: { leaderElect: false }
Y
start scheduler "$KUBE_SCHEDULER" --config="$directory/scheduler.yaml" --bind-address=127.0.0.1 \
  --authentication-kubeconfig="$pki/scheduler.conf" --authorization-kubeconfig="$pki/scheduler.conf"
start names "$NODE" "$here/nameServer.js" "$address" "$pki"

# --- Kubelet.
echo "nameserver $address" >"$directory/resolv.conf"
cat >"$directory/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $pki/ca.crt } }
authorization: { mode: Webhook }
tlsCertFile: $pki/kubelet-server.crt
tlsPrivateKeyFile: $pki/kubelet-server.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
makeIPTablesUtilChains: false
clusterDNS: [$address]
clusterDomain: cluster.local
resolvConf: $directory/resolv.conf
podLogsDir: $directory/pods
volumePluginDir: $directory/plugins
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 50Mi, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, imagefs.inodesFree: 0% }
Y
start kubelet "$KUBELET" --config="$directory/kubelet.yaml" --kubeconfig="$pki/kubelet.conf" \
  --root-dir="$directory/kubelet" --hostname-override=$node --node-ip=$address
waitFor kubectl get node $node
kubectl wait --for=condition=Ready node/$node --timeout=60s >/dev/null
waitFor kubectl --namespace default get serviceaccount default
touch "$directory/ready"

wait -n -p ended || true
echo "$(sed -n "s/^${ended:-} //p" "$directory/parts") ended, and the node with it" >"$directory/ended"
