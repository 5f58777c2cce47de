#!/bin/sh
# runc for a machine that may lack CAP_SYS_RESOURCE itself: what cannot be given is not asked for, or runc would fail.
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
  if [ -f "$file" ] && grep -q CAP_SYS_RESOURCE "$file"; then
    sed -i -e 's/,[[:space:]]*"CAP_SYS_RESOURCE"//g' -e 's/"CAP_SYS_RESOURCE",\{0,1\}//g' "$file"
  fi
done
exec /usr/sbin/runc "$@"
