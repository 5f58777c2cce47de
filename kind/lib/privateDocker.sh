# Sourced. A docker daemon of our own where none runs: it touches neither the firewall nor the mounts of the machine.
#   useDocker DIRECTORY [lasting]  a docker is to be had: the machine's, or one of our own (exports DOCKER_HOST), which
#                                  ends with this shell, or is lasting. Its images and build cache stay in DIRECTORY
#   ownDocker DIRECTORY            whether one of our own runs; exports DOCKER_HOST then
#   stopOwnDocker DIRECTORY        ends it and what it left in cgroups

ownDocker() {
  local socket=$1/run/docker.sock
  [ -S "$socket" ] && DOCKER_HOST=unix://$socket docker version >/dev/null 2>&1 || return 1
  export DOCKER_HOST=unix://$socket
}

useDocker() {
  local directory=$1 lasting=${2:-}
  if docker version >/dev/null 2>&1; then return; fi
  if ! command -v dockerd >/dev/null; then
    node "$(dirname "${BASH_SOURCE[0]}")/packages.js" docker.io
    # A package of its own from Debian 13 on.
    command -v docker >/dev/null || node "$(dirname "${BASH_SOURCE[0]}")/packages.js" docker-cli
    if docker version >/dev/null 2>&1; then return; fi # its package may have started it
  fi
  mkdir -p "$directory"
  # One at a time: who has started one holds the lock for as long as it is to be theirs alone.
  exec 9>"$directory/lock"
  while ! flock --timeout 1 9; do
    if [ -e "$directory/run/lasting" ] && ownDocker "$directory"; then return; fi
  done
  if ownDocker "$directory"; then return; fi
  startOwnDocker "$directory" "$lasting"
}

startOwnDocker() {
  local directory=$1 lasting=$2 attached='setpriv --pdeathsig TERM' here tries
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  rm -rf "$directory/run"
  mkdir -p "$directory/run"
  if [ -n "$lasting" ]; then
    attached=
    touch "$directory/run/lasting"
  else
    # It ends when this shell does, however that ends (PR_SET_PDEATHSIG); the trap is for what it leaves.
    trap 'stopOwnDocker "'"$directory"'"' EXIT
  fi
  echo "no docker daemon runs: starting one of our own, without firewall rules ($directory)" >&2
  $attached setsid unshare --mount --propagation slave dockerd \
    --data-root "$directory/data" --exec-root "$directory/run/exec" --pidfile "$directory/run/docker.pid" \
    --host "unix://$directory/run/docker.sock" \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --add-runtime "traceprobe=$here/runc.sh" --default-runtime traceprobe \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent traceprobe-docker >"$directory/run/dockerd.log" 2>&1 </dev/null 9>&- &
  for tries in $(seq 150); do
    if ownDocker "$directory"; then
      # Whoever comes next uses a lasting one as it is.
      [ -z "$lasting" ] || flock --unlock 9
      return
    fi
    sleep 0.2
  done
  tail -n 20 "$directory/run/dockerd.log" >&2
  echo "dockerd did not start within 30 s; the end of its log is above" >&2
  return 1
}

stopOwnDocker() {
  local directory=$1 pid tries group
  if [ -f "$directory/run/docker.pid" ]; then
    pid=$(cat "$directory/run/docker.pid")
    kill -TERM "$pid" 2>/dev/null || true
    for tries in $(seq 100); do
      [ -d "/proc/$pid" ] || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -rf "$directory/run"
  for group in /sys/fs/cgroup/traceprobe-docker /sys/fs/cgroup/*/traceprobe-docker; do
    if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
  done
}
