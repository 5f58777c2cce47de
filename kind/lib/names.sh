# Sourced by up.sh, down.sh and scripts/image.sh: what is called how, and programs that are needed.
#   findProgram VARIABLE NAME      exports VARIABLE: as it is, or that of PATH, or built into the cache
cluster=${KIND_CLUSTER:-traceprobe}
cache=${TRACEPROBE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/traceprobe}
# Mounts that were made for the nodes, and are undone with the last of them.
mounts=$cache/kind/mounts

findProgram() {
  local found=${!1:-}
  if [ -n "$found" ] || found=$(command -v "$2"); then
    export "$1=$found"
  else
    eval "$(node "$repository/test/e2e/binaries/main.ts" "$1")"
  fi
}
