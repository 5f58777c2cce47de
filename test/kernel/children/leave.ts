// A process that ends in the way its argument says with everything still open (see bpfLeaks.test.ts).
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { getPriority } from 'node:os';
import { openBpfFds } from '../openFds.ts';
import { holdEverything } from './holdEverything.ts';

const way = isMainThread ? process.argv[2] : (workerData as string);

/** Waits for records of the ring, which a callback brings from the native thread. */
function records(ring: ReturnType<typeof holdEverything>['ring']): Promise<void> {
  return new Promise((resolve) => {
    ring.consume(() => {
      resolve();
    });
    getPriority();
  });
}

function start(what: string): Worker {
  return new Worker(fileURLToPath(import.meta.url), { workerData: what });
}

function ended(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('exit', resolve);
    worker.once('error', reject);
  });
}

/** Everything of the process is closed, at the latest some turns later: finalizers run in turns of their own. */
async function nothingOpen(): Promise<void> {
  for (let turn = 0; turn < 1000 && openBpfFds().length > 0; turn++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const open = openBpfFds();
  if (open.length > 0) throw new Error(`still open: ${open.join(', ')}`);
}

switch (way) {
  case 'end': {
    const { ring } = holdEverything();
    await records(ring);
    ring.unref();
    break;
  }
  case 'exit': {
    await records(holdEverything().ring);
    process.exit(0);
    break;
  }
  case 'exit-in-callback': {
    holdEverything().ring.consume(() => process.exit(0));
    getPriority();
    break;
  }
  case 'throw': {
    await records(holdEverything().ring);
    throw new Error('on purpose');
  }
  case 'close': {
    const { ring, object } = holdEverything();
    await records(ring);
    ring.close();
    object.close();
    break;
  }
  case 'forget': {
    for (let i = 0; i < 20; i++) holdEverything();
    await nothingOpen();
    break;
  }
  case 'workers': {
    await Promise.all([start('end'), start('close'), start('end')].map(ended));
    await nothingOpen();
    break;
  }
  case 'terminate': {
    const worker = start('report');
    const exit = ended(worker);
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    await exit;
    await nothingOpen();
    break;
  }
  case 'report': {
    await records(holdEverything().ring);
    parentPort?.postMessage('holding');
    break;
  }
  default:
    throw new Error(`no such way to leave: ${String(way)}`);
}
