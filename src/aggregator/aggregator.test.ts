import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { credentials, ServerCredentials, status, type ClientDuplexStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createClient, type ServiceClient } from '../rpc/createClient.ts';
import {
  IngestService,
  ShipRequestSchema,
  type ShipRequest,
  type ShipResponse,
} from '../rpc/gen/traceprobe/v1/ingest_pb.ts';
import { bearer, RefusedError, type AgentAuthenticator } from '../rpc/identity.ts';
import { Aggregator } from './aggregator.ts';
import { batchOf, describe, epoch } from './store/testing/frames.ts';

// Commits wait for a disk, and everything for CPUs, that others may use too.
jest.setTimeout(120_000);

let directory = '';
let aggregator: Aggregator;
let client: ServiceClient<typeof IngestService>;
const malformed: string[] = [];

/** Tokens are "<node>-<milliseconds that they are valid>". */
const authenticator: AgentAuthenticator = {
  authenticate: (token) => {
    const [node = '', valid] = token.split('-');
    if (valid === undefined) return Promise.reject(new RefusedError('unauthenticated', 'no such token'));
    const expires = new Date(Date.now() + Number(valid));
    return Promise.resolve({
      nodeName: node,
      nodeUid: `uid-of-${node}`,
      podName: 'agent',
      podUid: node,
      expires,
    });
  },
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-aggregator-'));
  malformed.length = 0;
  aggregator = await Aggregator.start({
    store: {
      path: join(directory, 'store.duckdb'),
      threads: 1,
      memoryLimit: 2 ** 27,
      commitMs: 5,
      diskReserve: 0,
    },
    address: '127.0.0.1:0',
    credentials: ServerCredentials.createInsecure(),
    authenticator,
    ingest: { streamBytes: 100_000, totalBytes: 150_000 },
    onMalformed: (node, message) => malformed.push(`${node}: ${message}`),
  });
  client = createClient(IngestService, `127.0.0.1:${aggregator.port}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await aggregator.close();
  rmSync(directory, { recursive: true });
});

type Ship = ClientDuplexStream<ShipRequest, ShipResponse>;

function ship(token: string): Ship {
  const stream = client.ship(bearer(token));
  stream.on('error', () => undefined);
  return stream;
}

function send(stream: Ship, sequence: number, first: number, rows: number, batches?: Uint8Array[]): void {
  const { columns, probeUid, probeName, pointName } = describe();
  const schema = { probeUid, probeName, pointName, generation: 1n, point: 0, columns: [...columns] };
  const value = {
    ...{ sequence: BigInt(sequence), number: BigInt(sequence), epoch: Buffer.from(epoch, 'hex') },
    batches: batches ?? [batchOf({ first, rows })],
    schemas: sequence === 1 ? [schema] : [],
  };
  stream.write(create(ShipRequestSchema, { message: { case: 'frame', value } }));
}

/** Settled when a frame and all before it are acked; several acks may come at once. */
async function ackOf(stream: Ship, sequence: number): Promise<void> {
  const acked = Promise.withResolvers<undefined>();
  stream.on('data', (response: ShipResponse) => {
    if (response.acked >= BigInt(sequence)) acked.resolve(undefined);
  });
  stream.on('error', acked.reject);
  await acked.promise;
}

async function errorOf(stream: Ship): Promise<{ code: number; details: string }> {
  return await new Promise((resolve) => stream.on('error', resolve as never));
}

async function count(): Promise<unknown> {
  await using reader = await aggregator.store.openReader();
  const rows = await reader.rows('SELECT node, count(*) AS c FROM events.opens GROUP BY node ORDER BY node');
  return rows.map(({ node, c }) => [node, c]);
}

test('frames are acked when they can be read, and end with the stream', async () => {
  const stream = ship('a-60000');
  send(stream, 1, 0, 100);
  send(stream, 2, 100, 100);
  await ackOf(stream, 2);
  expect(await count()).toEqual([['a', 200n]]);
  stream.end();
  stream.resume();
  await once(stream, 'end');
});

test('those who watch are shown what is committed, once', async () => {
  const seen: unknown[] = [];
  using _ = aggregator.live.subscribe('opens', ({ nodeName, rows, firstRow, point }) => {
    seen.push([nodeName, rows, firstRow, point.pointName]);
  });
  const stream = ship('a-60000');
  send(stream, 1, 0, 10);
  send(stream, 2, 5, 10);
  await ackOf(stream, 2);
  expect(seen).toEqual([
    ['a', 10, 0, 'open'],
    ['a', 10, 5, 'open'],
  ]);
});

test('a frame is refused when those before it were acked: the agent takes the first without an ack for it', async () => {
  const stream = ship('a-60000');
  const acked = ackOf(stream, 1);
  const error = errorOf(stream);
  send(stream, 1, 0, 10);
  send(stream, 2, 0, 10, [Buffer.from('garbage')]);
  await acked;
  expect(await error).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringMatching(/^frame 2: /),
  });
  expect(await count()).toEqual([['a', 10n]]);
});

test('garbage ends its stream in words, and no other', async () => {
  const good = ship('a-60000');
  const bad = ship('b-60000');
  send(good, 1, 0, 10);
  const error = errorOf(bad);
  send(bad, 1, 0, 10, [Buffer.from('garbage')]);
  expect(await error).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringMatching(/^frame 1: batch 0 of 1: not an event batch/),
  });
  send(good, 2, 10, 10);
  await ackOf(good, 2);
  expect(await count()).toEqual([['a', 20n]]);
  expect(malformed).toHaveLength(1);
  expect(await aggregator.registry.metrics()).toContain('traceprobe_aggregator_malformed_frames_total 1');
});

test('who has no token ships nothing; who shows no fresh one is ended', async () => {
  expect(await errorOf(ship('nobody'))).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'no such token',
  });
  expect(await errorOf(ship('a-20'))).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'the token has expired, and no fresh one came',
  });
});

test('a fresh token keeps a stream, one of another node ends it', async () => {
  const stream = ship('a-60000');
  stream.write(create(ShipRequestSchema, { message: { case: 'token', value: 'a-70000' } }));
  send(stream, 1, 0, 10);
  await ackOf(stream, 1);
  const error = errorOf(stream);
  stream.write(create(ShipRequestSchema, { message: { case: 'token', value: 'b-60000' } }));
  expect(await error).toMatchObject({ code: status.UNAUTHENTICATED });
});

test('who sends faster than is committed is slowed down, not refused', async () => {
  const stream = ship('a-60000');
  const last = 60;
  const acked = ackOf(stream, last);
  for (let i = 1; i <= last; i++) send(stream, i, 2000 * (i - 1), 2000);
  await acked;
  expect(await count()).toEqual([['a', BigInt(2000 * last)]]);
});
