#!/bin/bash
# image.sh: makes a node image for kind where no registry has kind's own, once, and prints its name. Needs a docker
# (DOCKER_HOST), a Debian mirror and the Go module proxy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
. "$here/../lib/debianBase.sh"
base=debian:bookworm-slim # of its systemd: later ones refuse cgroup v1

eval "$(node "$repository/test/e2e/binaries/main.ts" ETCD KUBE_APISERVER KUBE_CONTROLLER_MANAGER KUBE_SCHEDULER \
  KUBE_PROXY KUBEADM KUBELET KUBECTL COREDNS KIND_BASE)"
programs=("$ETCD" "$KUBE_APISERVER" "$KUBE_CONTROLLER_MANAGER" "$KUBE_SCHEDULER" "$KUBE_PROXY" "$KUBECTL" "$COREDNS")
parts=("$here"/* "$here"/../lib/{runc.sh,pause.c})
# Programs are known by their paths in the cache, which tell what they were made of.
hash=$(cat "${parts[@]}" - <<<"${programs[*]} $KUBEADM $KUBELET $KIND_BASE" | sha256sum | cut -c 1-12)
version=$("$KUBEADM" version --output short)
image=traceprobe-node:$version-$hash
if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image"
  exit
fi

echo "making a node image of $version (some minutes, once)" >&2
ensureBase "$base" >&2
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
export DOCKER_BUILDKIT=0
build() { # TARGET TAG…
  local target=$1 options=() tag
  shift
  for tag in "$@"; do options+=(--tag "$tag"); done
  docker build --quiet --network host --build-arg BASE_IMAGE=$base --build-arg VERSION="$version" \
    --build-arg PAUSE_IMAGE="$pause" --target "$target" "${options[@]}" "$context" >"$context.log" 2>&1 || {
    cat "$context.log" >&2
    return 1
  }
  rm -f "$context.log"
}

mkdir "$context"/{programs,node,images}
cp "${programs[@]}" "$here/network.sh" "$context/programs/"
gcc -static -Os -s -o "$context/programs/pause" "$here/../lib/pause.c"
cp "$KUBELET" "$KUBEADM" "$KUBECTL" "$context/node/"
cp "$here"/{Dockerfile,network.yaml,storage.yaml} "$here/../lib/runc.sh" "$context/"
# The module has no modes of its own.
cp -r --no-preserve=mode "$KIND_BASE" "$context/kind"
chmod 755 "$context"/kind/{kind/bin,usr/local/bin}/* "$context/runc.sh"

mapfile -t names < <("$KUBEADM" config images list --kubernetes-version "$version")
pause=$(printf '%s\n' "${names[@]}" | grep /pause:)
dns=$(printf '%s\n' "${names[@]}" | grep /coredns:)
mapfile -t others < <(printf '%s\n' "${names[@]}" | grep -v -e /pause: -e /coredns:)
build pause "$pause"
build coredns "$dns"
build programs "${others[@]}" localhost/node-network:1
docker save --output "$context/images/kubernetes.tar" "${names[@]}" localhost/node-network:1
build node "$image"
# In the node they are; here they are of no use.
docker image rm "${names[@]}" localhost/node-network:1 >/dev/null
echo "$image"
