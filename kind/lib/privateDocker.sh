# Sourced. A docker daemon of our own where none runs: it touches neither the network nor the mounts of the machine.
#   startPrivateDocker DIRECTORY   exports DOCKER_HOST; images and the build cache stay in DIRECTORY
#   stopPrivateDocker DIRECTORY    ends it and what it left in cgroups

startPrivateDocker() {
  local directory=$1
  mkdir -p "$directory/data" "$directory/run"
  export DOCKER_HOST=unix://$directory/run/docker.sock
  if docker version >/dev/null 2>&1; then return; fi
  echo "no docker daemon runs: starting one of our own, without a bridge and without firewall rules" >&2
  # It ends when this shell does, however that ends (PR_SET_PDEATHSIG).
  setpriv --pdeathsig TERM setsid unshare --mount --propagation private dockerd \
    --data-root "$directory/data" --exec-root "$directory/run/exec" --pidfile "$directory/run/docker.pid" \
    --host "$DOCKER_HOST" --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --cgroup-parent traceprobe-docker >"$directory/run/dockerd.log" 2>&1 </dev/null 9>&- &
  local tries
  for tries in $(seq 150); do
    if docker version >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  tail -n 20 "$directory/run/dockerd.log" >&2
  echo "dockerd did not start within 30 s; the end of its log is above" >&2
  return 1
}

stopPrivateDocker() {
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
