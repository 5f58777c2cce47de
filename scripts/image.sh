#!/bin/bash
# image.sh [TAG] [OUTPUT.tar]: builds the image of TraceProbe (Dockerfile) as TAG, by default traceprobe:dev, and
# writes it to a file that `docker load` and `ctr images import` take, and beside it, as OUTPUT.cdx.json, what it is made
# of (CycloneDX). Uses the docker that runs; where none does, one of its own for as long as it takes. BUILD_IMAGE and
# RUNTIME_IMAGE name other base images.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
. "$repository/kind/lib/names.sh"
. "$repository/kind/lib/privateDocker.sh"
. "$repository/kind/lib/debianBase.sh"
tag=${1:-traceprobe:dev} output=${2:-}

useDocker "$cache/docker"
# Layers of builds that nothing is built upon any more.
! ownDocker "$cache/docker" || docker image prune --force --filter until=168h >/dev/null

base=debian:trixie-slim
build=${BUILD_IMAGE:-$base} runtime=${RUNTIME_IMAGE:-$base}
ensureBase "$build"
ensureBase "$runtime"
# Where a proxy that this machine trusts stands between it and the registries, what builds must trust it as well; the
# image itself does not.
if [ -z "${BUILD_IMAGE:-}" ]; then
  context=$(mktemp -d)
  cp /etc/ssl/certs/ca-certificates.crt "$context/trusted.crt"
  printf 'FROM %s\nCOPY trusted.crt /etc/ssl/trusted.crt\nENV NODE_EXTRA_CA_CERTS=/etc/ssl/trusted.crt npm_config_cafile=/etc/ssl/trusted.crt\n' "$base" >"$context/Dockerfile"
  build=traceprobe-build:trixie
  DOCKER_BUILDKIT=0 docker build --quiet --tag "$build" "$context" >/dev/null
  rm -rf "$context"
fi
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$repository" log -1 --format=%ct 2>/dev/null || echo 0)}
DOCKER_BUILDKIT=0 docker build --network host --tag "$tag" \
  --build-arg BUILD_IMAGE="$build" --build-arg RUNTIME_IMAGE="$runtime" --build-arg SOURCE_DATE_EPOCH="$epoch" \
  "$repository"
docker image inspect --format '{{.Id}}  {{.Size}} bytes' "$tag"
if [ -n "$output" ]; then
  docker save --output "$output.new" "$tag"
  mv "$output.new" "$output"
  container=$(docker create "$tag")
  docker cp "$container:/usr/share/sbom/traceprobe.cdx.json" "${output%.tar}.cdx.json"
  docker rm "$container" >/dev/null
fi
