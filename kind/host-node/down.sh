#!/bin/bash
# down.sh: ends the host node and removes what was its own. Does nothing where there is none.
set -uo pipefail
. "$(dirname "$0")/names.sh"
[ -e "$directory" ] || exit 0

if outer=$(cat "$directory/pid" 2>/dev/null); then
  # Process 1 of its namespace: the kernel ends all the others, and its mounts and network go with the last of them.
  inner=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null)
  [ -z "$inner" ] || kill -KILL $inner 2>/dev/null
  for _ in $(seq 100); do
    [ -d "/proc/$outer" ] || break
    sleep 0.1
  done
fi
for _ in $(seq 50); do
  for group in /sys/fs/cgroup/$cgroup /sys/fs/cgroup/*/$cgroup; do
    if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; fi
  done
  compgen -G "/sys/fs/cgroup/*/$cgroup" >/dev/null || break
  sleep 0.1
done
rm -rf --one-file-system "$directory"
[ ! -e "$directory" ]
