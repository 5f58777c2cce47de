// A process that ends in the way its argument says with a capture open (see capture.host.test.ts).
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Capture, type Flush } from '../../../src/capture/capture.ts';
import { callSchema, RecordSource } from '../recordSource.ts';

const way = isMainThread ? process.argv[2] : (workerData as string);

function open(onFlush: (flush: Flush) => void): { capture: Capture; source: RecordSource } {
  const source = new RecordSource();
  const capture = new Capture({ ...source.maps, epoch: Buffer.from('epoch'), flushMilliseconds: 1, onFlush });
  capture.addSchema(callSchema);
  source.write(100);
  return { capture, source };
}

switch (way) {
  case 'end':
    open(() => undefined);
    break;
  case 'exit':
    open(() => undefined);
    process.exit();
    break;
  case 'exit-in-flush': {
    const { capture } = open(() => process.exit());
    capture.keepAlive(true);
    break;
  }
  case 'drain': {
    let rows = 0;
    const { capture } = open(({ counts }) => {
      for (const count of counts) rows += count.rows;
    });
    process.exitCode = 1;
    void capture.drain().then(() => {
      process.exitCode = rows === 100 ? 0 : 2;
    });
    break;
  }
  case 'throw': {
    let thrown = false;
    const { capture, source } = open(() => {
      if (thrown) return;
      thrown = true;
      throw new Error('on purpose');
    });
    process.once('uncaughtException', (error) => {
      source.write(1);
      void capture.drain().then(() => {
        console.log(`${error.message}, pending ${capture.stats().pendingBytes}`);
      });
    });
    capture.keepAlive(true);
    await capture.drain();
    capture.keepAlive(false);
    break;
  }
  case 'workers': {
    const workers = Array.from(
      { length: 3 },
      () => new Worker(fileURLToPath(import.meta.url), { workerData: 'worker' }),
    );
    await Promise.all(
      workers.map(async (worker) => {
        await once(worker, 'message');
        await worker.terminate();
      }),
    );
    break;
  }
  case 'worker': {
    const { capture, source } = open(() => parentPort?.postMessage('flushed'));
    capture.keepAlive(true);
    // Still draining when it is terminated.
    setInterval(() => {
      source.write(1000);
    }, 1);
    break;
  }
}
