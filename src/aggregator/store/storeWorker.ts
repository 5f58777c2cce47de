import { parentPort, workerData } from 'node:worker_threads';
import { FrameError } from './frame.ts';
import type { SentError, StoreMessage, StoreRequest } from './messages.ts';
import { Snapshot } from './snapshot.ts';
import { StoreEngine, type EngineOptions } from './storeEngine.ts';
import { StoreError, storeError } from './storeError.ts';

/** The thread of a Store: answers its requests with a StoreEngine. */

const port = parentPort;
if (port === null) throw new Error('storeWorker.ts is the thread of a Store: use store.ts');

const send = (message: StoreMessage): void => {
  port.postMessage(message);
};

function sentError(error: unknown): SentError {
  const { failure, message } = storeError(error);
  return { kind: error instanceof FrameError ? 'frame' : 'store', failure, message };
}

async function serve(engine: StoreEngine): Promise<void> {
  const readers = new Map<number, Snapshot>();
  let nextReader = 1;
  const reader = (number: number): Snapshot => {
    const found = readers.get(number);
    if (found === undefined) throw new StoreError('closed', 'the reader is closed');
    return found;
  };

  const answer = async (request: StoreRequest): Promise<unknown> => {
    switch (request.call) {
      case 'add': {
        const addition = engine.add(request.frame);
        await addition.committed;
        return addition.stored;
      }
      case 'closeStream':
        engine.closeStream(request.stream);
        return undefined;
      case 'setProbes':
        engine.setProbes(request.probes);
        return undefined;
      case 'loss':
        return engine.loss(request.probeUid);
      case 'commit':
      case 'retain':
      case 'checkpoint':
        await engine[request.call]();
        return undefined;
      case 'backup':
        await engine.backup(request.path);
        return undefined;
      case 'openReader': {
        const number = nextReader++;
        readers.set(number, await Snapshot.begin(await engine.connect()));
        return number;
      }
      case 'read':
        return await reader(request.reader).read(request.sql, request.parameters);
      case 'nextChunk':
        return await reader(request.reader).next();
      case 'interrupt':
        readers.get(request.reader)?.interrupt();
        return undefined;
      case 'closeReader':
        await readers.get(request.reader)?.close();
        readers.delete(request.reader);
        return undefined;
      case 'close':
        await Promise.all([...readers.values()].map((open) => open.close()));
        readers.clear();
        await engine.close();
        return undefined;
    }
  };

  await new Promise<void>((resolve) => {
    port?.on('message', (request: StoreRequest) => {
      void answer(request)
        .then(
          (value) => {
            send({ id: request.id, answer: value });
          },
          (error: unknown) => {
            send({ id: request.id, error: sentError(error) });
          },
        )
        .then(() => {
          if (request.call === 'close') resolve();
        });
    });
    send({ event: 'ready' });
  });
  port?.close();
}

try {
  const engine = await StoreEngine.open(workerData as EngineOptions, {
    committed: (commit) => {
      send({ event: 'committed', ...commit });
    },
    failing: (failing) => {
      send({ event: 'failing', failing });
    },
    dropped: (drops) => {
      send({ event: 'dropped', reasons: drops.map(({ reason }) => reason) });
    },
    measured: (usage) => {
      send({ event: 'measured', usage });
    },
  });
  await serve(engine);
} catch (error) {
  send({ event: 'refused', error: sentError(error) });
}
