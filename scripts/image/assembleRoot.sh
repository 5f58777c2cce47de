#!/bin/sh
# assembleRoot.sh BUILT ROOT EPOCH: lays out the image's root file system from the built repository BUILT and this
# system's libraries. Run by the Dockerfile.
set -eu
built=$1 root=$2 epoch=$3
app=$root/opt/traceprobe

mkdir -p "$root/usr/local/bin" "$app/build/Release" "$app/build/bpf" "$app/node_modules" \
  "$root/etc/ssl/certs" "$root/var/lib/dpkg/status.d" "$root/tmp" "$root/usr/lib" "$root/usr/lib64"
chmod 1777 "$root/tmp"
# As on Debian: /lib and /lib64 are those below /usr.
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

cp "$built/node" "$root/usr/local/bin/node"
printf '#!/usr/local/bin/node\nimport("/opt/traceprobe/dist/cli/main.js");\n' >"$root/usr/local/bin/traceprobe"
chmod 755 "$root/usr/local/bin/traceprobe"
cp "$built/package.json" "$app/"
cp -r "$built/dist" "$app/"
find "$app/dist" -name '*.map' -delete
cp "$built"/build/Release/*.node "$app/build/Release/"
cp -r "$built/build/bpf/$(uname -m)" "$app/build/bpf/"
# What the bundles leave outside: DuckDB, of this platform and C library alone.
cp -r "$built/node_modules/@duckdb" "$app/node_modules/"
rm -rf "$app"/node_modules/@duckdb/*-musl

# Libraries, by what is linked to; the packages they are from, for whoever scans the image.
find "$app" "$root/usr/local/bin" -type f \( -name '*.node' -o -name '*.so' -o -name node \) -exec ldd {} + |
  sed -nE 's/^.*(=>)?[[:space:]](\/[^ ]+) \(0x.*$/\2/p' | grep -v "^$root" | sort -u >/tmp/libraries
while read -r library; do
  real=$(readlink -f "$library")
  install -D -m 755 "$real" "$root$(readlink -f "$(dirname "$library")")/$(basename "$library")"
  dpkg-query -S "$real" "$library" 2>/dev/null | sed 's/: .*//' | head -n 1
done </tmp/libraries | sort -u >/tmp/packages
echo ca-certificates >>/tmp/packages
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
while read -r package; do
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/${package%%:*}"
  install -D -m 644 "/usr/share/doc/${package%%:*}/copyright" "$root/usr/share/doc/${package%%:*}/copyright" || true
done </tmp/packages

printf 'root:x:0:0:root:/:/sbin/nologin\ntraceprobe:x:65532:65532:traceprobe:/tmp:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\ntraceprobe:x:65532:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
cp /etc/os-release "$root/etc/os-release"

# Who scans images looks there as well.
mkdir -p "$root/usr/share/sbom"
"$built/node" "$(dirname "$0")/writeBill.js" "$root" "$built" "$epoch" >"$root/usr/share/sbom/traceprobe.cdx.json"

find "$root" -exec touch --no-dereference --date "@$epoch" {} +
