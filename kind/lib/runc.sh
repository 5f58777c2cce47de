#!/bin/sh
# runc for a machine that may lack CAP_SYS_RESOURCE itself: what cannot be given is not asked for, or runc would fail.
# And what Docker 20.10 calls privileged lacks the capabilities of Linux 5.8 and later (PERFMON, BPF,
# CHECKPOINT_RESTORE): they are added where all those before are.
# The bundle's config.json (create, run) or the file of --process (exec) names capabilities.
bundle= process= previous=
for argument in "$@"; do
  case $previous in
    --bundle | -b) bundle=$argument ;;
    --process | -p) process=$argument ;;
  esac
  case $argument in
    --bundle=*) bundle=${argument#*=} ;;
    --process=*) process=${argument#*=} ;;
  esac
  previous=$argument
done
for file in "${bundle:+$bundle/config.json}" "$process"; do
  [ -f "$file" ] || continue
  if grep -q CAP_MAC_ADMIN "$file" && ! grep -q CAP_BPF "$file"; then
    sed -i -e 's/"CAP_MAC_ADMIN"/&,"CAP_PERFMON","CAP_BPF","CAP_CHECKPOINT_RESTORE"/g' "$file"
  fi
  if grep -q CAP_SYS_RESOURCE "$file"; then
    sed -i -e 's/,[[:space:]]*"CAP_SYS_RESOURCE"//g' -e 's/"CAP_SYS_RESOURCE",\{0,1\}//g' "$file"
  fi
done
exec /usr/sbin/runc "$@"
