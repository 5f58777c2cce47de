// nameServer.js ADDRESS PKI: the cluster's name server of a host node, for names of Services, asked of the API server at
// every question. UDP alone; everything else does not exist.
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

const [address = '', pki = ''] = process.argv.slice(2);
const [ca, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFileSync(join(pki, file)));

const typeA = 1;
const noSuchName = 3;
const serverFailed = 2;

/** The object at a path of the API server; undefined where there is none. */
function get(path) {
  return new Promise((resolve, reject) => {
    request({ host: address, path, ca, cert, key }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? JSON.parse(body) : undefined);
      });
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

/** IPv4 addresses of SERVICE.NAMESPACE.svc.cluster.local; undefined where there is no such name. */
async function resolveName(name) {
  const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/i.exec(name) ?? [];
  if (service === undefined || namespace === undefined) return undefined;
  const found = await get(`/api/v1/namespaces/${namespace}/services/${service}`);
  if (found === undefined) return undefined;
  if (found.spec.clusterIP !== 'None') return [found.spec.clusterIP];
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const slices = await get(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`,
  );
  const endpoints = slices?.items.flatMap((slice) => slice.endpoints ?? []) ?? [];
  return endpoints
    .filter(({ conditions }) => conditions.ready !== false)
    .flatMap(({ addresses }) => addresses);
}

/** RFC 1035, 4.1: the question as it came, then an answer a name's address, all pointing at the question's name. */
function answer(query, end, addresses, code) {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8580 | code, 2); // a response, authoritative, recursion "available"
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  header.fill(0, 8);
  const records = addresses.map((ip) => {
    const fixed = Buffer.from('c00c00010001000000020004', 'hex'); // its name, A, IN, for 2 s, 4 bytes
    return Buffer.concat([fixed, Buffer.from(ip.split('.').map(Number))]);
  });
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

const socket = createSocket('udp4');
socket.on('message', (query, from) => {
  const labels = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (query.length < end) return;
  const isAddress = query.readUInt16BE(at + 1) === typeA;
  resolveName(labels.join('.'))
    .then((addresses) =>
      answer(query, end, isAddress ? (addresses ?? []) : [], addresses === undefined ? noSuchName : 0),
    )
    .catch((error) => {
      console.error(labels.join('.'), error);
      return answer(query, end, [], serverFailed);
    })
    .then((message) => {
      socket.send(message, from.port, from.address);
    }, console.error);
});
socket.bind(53, address);
