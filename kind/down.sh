#!/bin/bash
# down.sh: ends what up.sh began: the cluster that KIND_CLUSTER names, by default traceprobe; with the last one also the
# docker of our own that it ran on, and the mounts that were made for it. Does nothing where there is none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/.." && pwd)
PATH=$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin
. "$here/lib/names.sh"
. "$here/lib/privateDocker.sh"

findProgram KIND kind
if docker version >/dev/null 2>&1 || ownDocker "$cache/docker"; then
  names=$("$KIND" get nodes --name "$cluster" 2>/dev/null)
  "$KIND" delete cluster --name "$cluster"
  # Agents that had no time to end have left their counters, in the one bpffs of all nodes.
  for name in $names; do rm -rf "/sys/fs/bpf/traceprobe/$name"; done
  [ -z "$("$KIND" get clusters 2>/dev/null)" ] || exit 0
fi
if ownDocker "$cache/docker"; then
  docker network rm kind >/dev/null 2>&1 || true
  echo 'ending the docker of our own' >&2
  stopOwnDocker "$cache/docker"
fi
if [ -e "$mounts" ]; then
  while read -r path; do
    echo "unmounting $path" >&2
    umount "$path"
  done <"$mounts"
  rm "$mounts"
fi
