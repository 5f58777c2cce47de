#!/bin/bash
# up.sh [--attached] [IMAGE.tar …]: a Kubernetes of one node directly on this machine, in seconds: for quick loops and tests. It lives in
# namespaces of its own; down.sh ends it. IMAGE.tar are images for its pods (scripts/image.sh writes them).
# kind/host-node/enter runs a command beside it: kind/host-node/enter kubectl get nodes
# HOST_NODE names its directory, by default a fixed one below /var/tmp. With --attached the node lives for as long as this
# script does, however that ends: it prints "ready", and on SIGTERM cleans up as down.sh does.
set -euo pipefail
attached=
if [ "${1:-}" = --attached ]; then
  attached=yes
  shift
fi
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
. "$here/names.sh"
PATH=$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin

if [ -e "$directory" ]; then
  echo "$directory is there already: a host node runs, or one was not ended. Run: HOST_NODE=$directory $here/down.sh" >&2
  exit 1
fi
node "$here/../lib/packages.js" containerd containernetworking-plugins openssl runc
eval "$(node "$repository/test/e2e/binaries/main.ts" \
  ETCD KUBE_APISERVER KUBE_CONTROLLER_MANAGER KUBE_SCHEDULER KUBELET KUBECTL HELM)"
export NODE HOST_NODE=$directory
NODE=$(command -v node)

mkdir -p "$directory/bin"
ln -s "$KUBECTL" "$directory/bin/kubectl"
ln -s "$HELM" "$directory/bin/helm"
finish() {
  local status=$?
  trap - EXIT
  if [ $status != 0 ]; then
    [ $status = 143 ] || tail -n 5 "$directory"/logs/*.log >&2 || true
    "$here/down.sh"
  fi
  exit $status
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
"$here/images.sh" "$directory/images"
for image in "$@"; do ln -s "$(readlink -f "$image")" "$directory/images/"; done

${attached:+setpriv --pdeathsig KILL} setsid unshare --mount --net --pid --fork --mount-proc --kill-child \
  "$here/node.sh" >"$directory/log" 2>&1 </dev/null &
echo $! >"$directory/pid"
for _ in $(seq 900); do
  [ -e "$directory/ready" ] && break
  if ! kill -0 "$(cat "$directory/pid")" 2>/dev/null || [ -e "$directory/ended" ]; then
    cat "$directory/log" "$directory/ended" >&2 2>/dev/null || true
    echo 'the host node did not start' >&2
    exit 1
  fi
  sleep 0.1
done
if [ ! -e "$directory/ready" ]; then
  echo 'the host node is not ready after 90 s' >&2
  exit 1
fi
if [ -n "$attached" ]; then
  echo ready
  wait "$(cat "$directory/pid")" || true
  echo 'the host node has ended' >&2
  exit 1
fi
disown
echo "The node is ready. Beside it run: $here/enter kubectl get pods --all-namespaces" >&2
