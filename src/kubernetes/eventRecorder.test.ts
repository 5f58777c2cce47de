import { expect, test } from '@jest/globals';
import { ApiError } from './apiError.ts';
import { EventRecorder, type EventRecorderOptions } from './eventRecorder.ts';
import { ManualClock } from './testing/manualClock.ts';

const regarding = { apiVersion: 'traceprobe.io/v1alpha1', kind: 'TraceProbe', name: 'opens', uid: 'u1' };
const event = { type: 'Warning', reason: 'Failed', action: 'Attaching', note: 'one node failed' } as const;

function recorder(options: Partial<EventRecorderOptions> = {}) {
  const clock = new ManualClock();
  const writes: { path: string; body: Record<string, unknown> }[] = [];
  const write = (path: string, body: unknown): Promise<never> => {
    writes.push({ path, body: body as Record<string, unknown> });
    return Promise.resolve({} as never);
  };
  const api = { create: write, patch: write };
  const made = new EventRecorder({
    ...{ api, clock },
    reportingController: 'traceprobe.io/controller',
    reportingInstance: 'pod',
    ...options,
  });
  return { made, writes, clock };
}

test('like events are one with a count that is written later; after ten minutes a new one begins', async () => {
  const { made, writes, clock } = recorder();
  made.record(regarding, event);
  made.record(regarding, { ...event, note: 'two nodes failed' });
  made.record({ ...regarding, uid: 'u2' }, event);
  expect(writes).toHaveLength(2);
  made.record(regarding, event);
  clock.advance(30_000);
  while (writes.length < 3) await Promise.resolve();
  expect(writes[2]).toMatchObject({
    path: expect.stringMatching(/\/events\/opens\./),
    body: { series: { count: 3 } },
  });
  clock.advance(600_000);
  made.record(regarding, event);
  expect(writes).toHaveLength(4);
  expect(writes[3]?.body).toMatchObject({ note: 'one node failed', metadata: { namespace: 'default' } });
});

test('a flood of different events is cut to the rate', () => {
  const { made, writes, clock } = recorder({ burst: 5, perSecond: 1 });
  const flood = (): void => {
    for (let i = 0; i < 100; i += 1) made.record({ ...regarding, uid: `flood-${i}-${clock.now()}` }, event);
  };
  flood();
  expect(writes).toHaveLength(5);
  clock.advance(2000);
  flood();
  expect(writes).toHaveLength(7);
  expect(made.dropped).toBe(193);
});

test('an API server that refuses events costs nothing but the events', async () => {
  const errors: unknown[] = [];
  const failure = new ApiError({ tried: 'POST /', status: 403, reason: 'Forbidden', message: 'no' });
  const refuse = (): Promise<never> => Promise.reject(failure);
  const { made } = recorder({
    api: { create: refuse, patch: refuse },
    onError: (error) => errors.push(error),
  });
  made.record(regarding, event);
  made.record(regarding, event);
  await made[Symbol.asyncDispose]();
  expect(errors).toEqual([failure]);
});

test('a long note is cut between characters to what the API server takes', () => {
  const { made, writes } = recorder();
  for (const [index, note] of ['ä'.repeat(1000), `x${'ä'.repeat(1000)}`, '😀'.repeat(500)].entries()) {
    made.record({ ...regarding, uid: String(index) }, { ...event, note });
  }
  for (const { body } of writes) {
    const note = body['note'] as string;
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^x?(ä|😀)+…$/u);
  }
});
