# Sourced. Base images where no registry can be reached, from Debian's packages (a minute each, once).
#   ensureBase IMAGE               debian:SUITE-slim or the like is there, pulled or made
#   importDebian IMAGE SUITE       a minimal system of this suite as IMAGE

ensureBase() {
  local image=$1 suite
  docker image inspect "$image" >/dev/null 2>&1 && return
  timeout 30 docker pull --quiet "$image" >/dev/null 2>&1 && return
  echo "no registry gives $image: making it of Debian's packages (a minute or two, once)" >&2
  suite=${image#*:}
  importDebian "$image" "${suite%-slim}"
}

importDebian() {
  local image=$1 suite=$2 root
  command -v debootstrap >/dev/null || node "$(dirname "${BASH_SOURCE[0]}")/packages.js" debootstrap
  root=$(mktemp -d)
  if ! debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1; then
    tail -n 20 "$root.log" >&2
    rm -rf "$root" "$root.log"
    return 1
  fi
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" --numeric-owner --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    docker import - "$image" >/dev/null
  rm -rf "$root" "$root.log"
}
