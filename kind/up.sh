#!/bin/bash
# up.sh: a Kubernetes of two nodes on this machine (kind), with TraceProbe in it, and what to try. down.sh ends it.
# Where no docker runs, one of our own does; where no registry has kind's node image, one is made of packages. Programs
# that are not on PATH (kind, helm) are built into the cache ($TRACEPROBE_CACHE or ~/.cache/traceprobe).
# KIND_CLUSTER names the cluster, by default traceprobe; KUBECONFIG says where the access to it is written, as ever.
# With --attached it lives for as long as this script does, however that ends: it prints "ready", and on SIGTERM cleans
# up as down.sh does. Further arguments are images for its pods (files that `docker save` writes).
set -euo pipefail
attached=
if [ "${1:-}" = --attached ]; then
  attached=yes
  shift
fi
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/.." && pwd)
PATH=$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin
. "$here/lib/names.sh"
. "$here/lib/privateDocker.sh"

step() { echo "== after $SECONDS s: $*" >&2; }

# Nodes are containers: what they are to have of the kernel's file systems must be mounted here.
mountForNodes() { # TYPE PATH
  mountpoint -q "$2" && return
  echo "mounting $1 at $2 for the nodes; down.sh unmounts it" >&2
  mkdir -p "$(dirname "$mounts")"
  mount -t "$1" "$1" "$2"
  echo "$2" >>"$mounts"
}

# Whether kind's own node image is to be had, and runs here: runc in it may not lack CAP_SYS_RESOURCE (bit 24).
kindsOwnImage() {
  (( 0x$(sed -n 's/^CapBnd:\s*//p' /proc/self/status) >> 24 & 1 )) &&
    timeout 20 docker manifest inspect kindest/node:v1.34.0 >/dev/null 2>&1
}

findProgram KIND kind
findProgram HELM helm
finish() {
  local status=$?
  trap - EXIT
  if [ $status != 0 ]; then "$here/down.sh" || true; fi
  exit $status
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

mountForNodes tracefs /sys/kernel/tracing
mountForNodes bpf /sys/fs/bpf
useDocker "$cache/docker" lasting
if "$KIND" get clusters 2>/dev/null | grep -qx "$cluster"; then
  echo "there is a cluster $cluster already. Run: KIND_CLUSTER=$cluster $here/down.sh" >&2
  trap - EXIT
  exit 1
fi
step 'the image of TraceProbe'
image=traceprobe:dev
"$repository/scripts/image.sh" $image >&2
step 'two nodes'
nodes=()
if ! kindsOwnImage; then
  nodes=(--image "$("$here/node/image.sh")")
fi
"$KIND" create cluster --name "$cluster" --config "$here/cluster.yaml" "${nodes[@]}" --wait 180s
"$KIND" load docker-image --name "$cluster" $image
for archive in "$@"; do "$KIND" load image-archive --name "$cluster" "$archive"; done
step 'the chart'
"$HELM" install traceprobe "$repository/helm/traceprobe" --kube-context "kind-$cluster" \
  --namespace traceprobe --create-namespace --wait --timeout 300s >/dev/null \
  --set image.repository=${image%:*},image.tag=${image#*:},image.pullPolicy=Never

step 'ready'
if [ -n "$attached" ]; then
  echo "ready ${DOCKER_HOST:-}"
  # A child to wait for, so that a signal is taken at once; it ends with this script.
  tail -f /dev/null --pid $$ >/dev/null 2>&1 &
  wait $!
fi
cat <<T

TraceProbe runs on two nodes. Try:

  kubectl apply -f $repository/examples/execve.yaml    # every program that is started
  kubectl get traceprobes
  node $repository/dist/cli/main.js watch execve       # its events, as they come

$here/down.sh ends it.
T
