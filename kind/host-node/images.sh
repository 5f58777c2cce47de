#!/bin/bash
# images.sh DIRECTORY: writes the images that every node needs into it: localhost/pause:1 and localhost/busybox:1. Each is
# one static program, so it is put together without docker.
set -euo pipefail
directory=$1 here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$directory"

node "$here/../lib/packages.js" busybox-static gcc

image() { # NAME ROOT CONFIG: a docker archive of one layer
  local work=$directory/$1.work layer config
  mkdir -p "$work"
  tar --numeric-owner --owner 0 --group 0 --sort name --mtime @0 -C "$2" -cf "$work/layer.tar" .
  layer=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
  printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$3" "$layer" >"$work/config.json"
  config=$(sha256sum "$work/config.json" | cut -d ' ' -f 1)
  mv "$work/config.json" "$work/$config.json"
  printf '[{"Config":"%s.json","RepoTags":["localhost/%s:1"],"Layers":["layer.tar"]}]' "$config" "$1" >"$work/manifest.json"
  tar -C "$work" -cf "$directory/$1.tar" "$config.json" manifest.json layer.tar
  rm -rf "$work"
}

root=$directory/root
mkdir -p "$root"
gcc -static -Os -s -o "$root/pause" "$here/../lib/pause.c"
image pause "$root" '{"Entrypoint":["/pause"],"User":"65535:65535"}'
rm -rf "$root"

mkdir -p "$root/bin" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for name in sh cat ls true sleep touch rm id; do ln -s busybox "$root/bin/$name"; done
image busybox "$root" '{"Env":["PATH=/bin"],"Cmd":["sh"]}'
rm -rf "$root"
