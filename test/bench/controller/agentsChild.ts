// Simulated agents of many nodes, each over a connection of its own. Arguments: host:port of the controller, number of
// the first node and of the nodes. Prints "connected" once all are served, and for each probe "<name> <ns>": when
// (CLOCK_MONOTONIC) the last of them was told of it, which is when it says that it runs.
import { streamOptions } from '../../../src/agent/link/streamOptions.ts';
import { SimulatedAgent } from '../../cluster/simulated/simulatedAgent.ts';
import { benchToken } from './benchToken.ts';
import { nodeName } from './nodeNames.ts';

const [, , address = '', firstNode = '', count = ''] = process.argv;
const nodes = Number(count);
const told = new Map<string, number>();
/** As many at once as the controller looks at the tokens of. */
const atOnce = 100;

async function connect(index: number): Promise<void> {
  const node = nodeName(index);
  for (;;) {
    const agent = new SimulatedAgent({
      ...{ address, token: benchToken(node), clientOptions: streamOptions },
      answer: (probe) => {
        if (probe.stopped) return { state: 'Stopped' };
        const key = probe.name;
        const now = (told.get(key) ?? 0) + 1;
        told.set(key, now);
        if (now === nodes) console.log(`${key} ${process.hrtime.bigint()}`);
        return { state: 'Running' };
      },
    });
    await agent.until(({ messages, ended }) => messages > 0 || ended !== undefined);
    if (agent.aggregator !== '') return;
    agent[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const left = Array.from({ length: nodes }, (_, index) => Number(firstNode) + index);
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await connect(next);
  }),
);
console.log('connected');
