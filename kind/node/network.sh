#!/bin/sh
# Pods' network of a node, in place of kindnetd, which no registry gives here: tells the container runtime which addresses
# this node's pods have, and the kernel where those of the others are.
set -u
account=/var/run/secrets/kubernetes.io/serviceaccount
nodes() {
  kubectl --server="https://$CONTROL_PLANE_ENDPOINT" --certificate-authority=$account/ca.crt --token="$(cat $account/token)" \
    get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}'
}
echo 1 >/proc/sys/net/ipv4/ip_forward
while :; do
  nodes >/tmp/nodes || { sleep 1; continue; }
  while read -r name pods address; do
    if [ "$name" = "$NODE_NAME" ] && [ -n "$pods" ]; then
      cat >/etc/cni/net.d/.new <<J
{ "cniVersion": "0.4.0", "name": "node", "plugins": [
  { "type": "ptp", "ipMasq": false, "ipam": { "type": "host-local", "dataDir": "/run/cni-ipam-state",
    "ranges": [[{ "subnet": "$pods" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
  { "type": "portmap", "capabilities": { "portMappings": true } } ] }
J
      mv /etc/cni/net.d/.new /etc/cni/net.d/10-node.conflist
    elif [ -n "$address" ]; then
      ip route replace "$pods" via "$address"
    fi
  done </tmp/nodes
  rule="POSTROUTING -s $POD_SUBNET ! -d $POD_SUBNET -j MASQUERADE"
  iptables -t nat -C $rule 2>/dev/null || iptables -t nat -A $rule
  sleep 5
done
