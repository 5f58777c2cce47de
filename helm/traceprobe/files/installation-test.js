// Run by `helm test` in a pod: arguments are the namespace and the port of metrics.
/* global AbortSignal, fetch */
import { resolve4, resolve6 } from 'node:dns/promises';
const [namespace, port] = process.argv.slice(1);

async function replicas(component) {
  const name = `traceprobe-${component}.${namespace}.svc.cluster.local`;
  const found = await Promise.allSettled([resolve4(name), resolve6(name)]);
  const addresses = found.flatMap(({ value = [] }) => value).map((it) => (it.includes(':') ? `[${it}]` : it));
  if (addresses.length === 0) throw new Error(`no ready ${component}: kubectl -n ${namespace} get pods`);
  return addresses.map((address) => `http://${address}:${port}`);
}

async function text(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer.text();
}

const controllers = await replicas('controller');
const aggregators = await replicas('aggregator');
for (const url of [...controllers, ...aggregators]) await text(`${url}/readyz`);
let agents = 0;
for (const url of controllers) {
  agents += Number(
    /^traceprobe_controller_connected_agents (\d+)/m.exec(await text(`${url}/metrics`))?.[1] ?? 0,
  );
}
if (agents === 0) {
  throw new Error(`no agent is connected: kubectl -n ${namespace} logs daemonset/traceprobe-agent says why`);
}
console.log(`${controllers.length} controller(s) and the aggregator are ready, ${agents} agent(s) connected`);
