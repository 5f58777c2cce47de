// Runs in a worker thread: see podReflector.ts.
import { isDeepStrictEqual } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from './apiClient.ts';
import type { Change } from './objectCache.ts';
import type { PodReflectorData, PodReflectorMessage } from './podReflectorMessages.ts';
import { Reflector } from './reflector.ts';
import { trimPod, type PodObject, type TrimmedPod } from './trimPod.ts';

/** Changes are collected for so long, in milliseconds; one message has at most so many. */
const batchMs = 20;
const batchChanges = 500;

const port = parentPort;
if (port === null) throw new Error('podReflectorWorker runs in a worker thread only');
const { kubeConfig: data, userAgent, query, silenceMs } = workerData as PodReflectorData;
const kubeConfig = new KubeConfig();
kubeConfig.loadFromOptions(data);

const changes: Change<TrimmedPod>[] = [];
let timer: NodeJS.Timeout | undefined;
/** A message with changes is on its way: all that wait are handled in one turn of the other thread's event loop. */
let underWay = false;
let isSynced = false;

function post(message: PodReflectorMessage): void {
  port?.postMessage(message);
}

function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  if (underWay) return;
  if (changes.length > 0) {
    underWay = true;
    post({ type: 'changes', changes: changes.splice(0, batchChanges) });
  } else if (isSynced) {
    isSynced = false;
    post({ type: 'synced' });
  }
}

port.on('message', () => {
  underWay = false;
  flush();
});

const reflector = new Reflector<PodObject, TrimmedPod>({
  api: new ApiClient(kubeConfig, userAgent),
  path: '/api/v1/pods',
  query: { fieldSelector: 'spec.nodeName!=', ...query },
  transform: trimPod,
  // Most versions of a pod only have another condition or time.
  isSame: isDeepStrictEqual,
  onChange(change) {
    changes.push(change);
    if (changes.length >= batchChanges) flush();
    else timer ??= setTimeout(flush, batchMs);
  },
  onError(error) {
    post({ type: 'error', message: error instanceof Error ? error.message : String(error) });
  },
  onRestart() {
    post({ type: 'restart' });
  },
  onRelist() {
    post({ type: 'relist' });
  },
  ...(silenceMs !== undefined && { silenceMs }),
});

await reflector.synced;
// Told behind everything that was listed.
isSynced = true;
flush();
