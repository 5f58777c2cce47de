#!/bin/bash
# certificates.sh DIRECTORY NODE ADDRESS SERVICE_ADDRESS: an authority of a month, certificates and kubeconfigs of a
# one-node cluster.
set -euo pipefail
directory=$1 node=$2 address=$3 service=$4
mkdir -p "$directory"
cd "$directory"

newKey() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

issue() { # NAME SUBJECT EXTENSIONS
  newKey "$1"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(printf '%s\n' "$3") 2>/dev/null
}

newKey ca
openssl req -x509 -new -key ca.key -days 30 -subj /CN=host-node -out ca.crt
openssl genrsa -out serviceaccount.key 2048 2>/dev/null
issue apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$address,IP:$service"
issue kubelet-server "/O=system:nodes/CN=system:node:$node" "extendedKeyUsage=serverAuth
subjectAltName=DNS:$node,IP:$address"
client=extendedKeyUsage=clientAuth
issue apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client $client
issue admin /O=system:masters/CN=admin $client
issue controller-manager /CN=system:kube-controller-manager $client
issue scheduler /CN=system:kube-scheduler $client
issue kubelet "/O=system:nodes/CN=system:node:$node" $client
for user in admin controller-manager scheduler kubelet; do
  cat >"$user.conf" <<Y
apiVersion: v1
kind: Config
clusters: [{ name: host, cluster: { server: 'https://$address', certificate-authority: $directory/ca.crt } }]
users: [{ name: $user, user: { client-certificate: $directory/$user.crt, client-key: $directory/$user.key } }]
contexts: [{ name: host, context: { cluster: host, user: $user } }]
current-context: host
Y
done
