# Sourced by up.sh, node.sh, enter and down.sh: what a node is called outside of its namespaces.
directory=${HOST_NODE:-/var/tmp/traceprobe-host-node}
# Of its own for each node: there may be several, in directories of their own.
cgroup=traceprobe-node-$(printf %s "$directory" | cksum | cut -d ' ' -f 1)
