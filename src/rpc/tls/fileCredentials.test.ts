import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { create } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createClient } from '../createClient.ts';
import {
  IngestService,
  ShipRequestSchema,
  ShipResponseSchema,
  type ShipRequest,
} from '../gen/traceprobe/v1/ingest_pb.ts';
import { listen, type Listening } from '../listen.ts';
import { serve } from '../serve.ts';
import { createAuthority, issueServerCertificate, validFor, type KeyPair } from './certificateAuthority.ts';
import { clientFileCredentials, serverFileCredentials } from './fileCredentials.ts';

const hour = 3_600_000;
const validity = validFor(hour, new Date());
let directory: string;
let listening: Listening;
let authority: KeyPair;
let refused: string[];
let onRefused: () => void;
let over: boolean;

const file = (name: string): string => join(directory, name);

async function issue(name: string): Promise<KeyPair> {
  return issueServerCertificate(authority, [name], [], validity);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-tls-'));
  authority = await createAuthority('first', validity);
  const identity = await issue('aggregator');
  writeFileSync(file('ca.pem'), authority.certificate);
  writeFileSync(file('tls.crt'), identity.certificate);
  writeFileSync(file('tls.key'), identity.privateKey);
  refused = [];
  over = false;
  onRefused = () => undefined;
  const credentials = await serverFileCredentials(
    { certificateFile: file('tls.crt'), privateKeyFile: file('tls.key') },
    {
      refreshMilliseconds: 20,
      onRefused: (reason) => {
        refused.push(reason);
        onRefused();
      },
    },
  );
  listening = await listen({ address: '127.0.0.1:0', credentials }, (server) => {
    serve<typeof IngestService>(server, IngestService, {
      ship(call) {
        call.on('data', ({ message }: ShipRequest) => {
          if (message.case === 'frame')
            call.write(create(ShipResponseSchema, { acked: message.value.sequence }));
        });
        call.on('end', () => {
          call.end();
        });
        call.sendMetadata(new Metadata());
      },
    });
  });
});

afterEach(async () => {
  over = true;
  await listening.close(0);
  rmSync(directory, { recursive: true });
});

/** The server's certificate as a new connection gets it; undefined: it has none yet. */
async function presented(): Promise<PeerCertificate | undefined> {
  const socket = connect({ port: listening.port, host: '127.0.0.1', rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

async function presentedName(name: string): Promise<void> {
  while (!over && (await presented())?.subjectaltname !== `DNS:${name}`);
}

const frame = (sequence: bigint): ReturnType<typeof create<typeof ShipRequestSchema>> =>
  create(ShipRequestSchema, { message: { case: 'frame', value: { sequence } } });

test('a stream outlives the renewal of the certificate, and a new connection gets the new one', async () => {
  const client = createClient(
    IngestService,
    `127.0.0.1:${listening.port}`,
    clientFileCredentials(file('ca.pem')),
    {
      'grpc.ssl_target_name_override': 'aggregator',
    },
  );
  try {
    const stream = client.ship();
    stream.write(frame(1n));
    expect((await once(stream, 'data'))[0]).toMatchObject({ acked: 1n });
    const renewed = await issue('renewed');
    writeFileSync(file('tls.key'), renewed.privateKey);
    writeFileSync(file('tls.crt'), renewed.certificate);
    await presentedName('renewed');
    stream.write(frame(2n));
    expect((await once(stream, 'data'))[0]).toMatchObject({ acked: 2n });
    stream.end();
    await once(stream.resume(), 'end');
  } finally {
    client.close();
  }
});

test('a key that does not belong to the certificate is not used, and said', async () => {
  const other = await issue('other');
  const told = new Promise<void>((resolve) => {
    onRefused = resolve;
  });
  writeFileSync(file('tls.key'), other.privateKey);
  await told;
  expect(refused[0]).toBe('the certificate or its key cannot be used: they do not belong together');
  expect((await presented())?.subjectaltname).toBe('DNS:aggregator');
});

test('a server of another authority, or of another name, is not trusted', async () => {
  const stranger = await createAuthority('stranger', validity);
  writeFileSync(file('stranger.pem'), stranger.certificate);
  const call = async (ca: string, name: string): Promise<unknown> => {
    const client = createClient(
      IngestService,
      `127.0.0.1:${listening.port}`,
      clientFileCredentials(file(ca)),
      {
        'grpc.ssl_target_name_override': name,
      },
    );
    try {
      const stream = client.ship();
      const [error] = (await once(stream.resume(), 'error')) as unknown[];
      return error;
    } finally {
      client.close();
    }
  };
  expect(String(await call('stranger.pem', 'aggregator'))).toMatch(/UNAVAILABLE.*certificate/);
  expect(String(await call('ca.pem', 'controller'))).toMatch(/UNAVAILABLE.*controller/);
});

test('files that are not there are refused at once', async () => {
  expect(() => clientFileCredentials(file('none.pem'))).toThrow('ENOENT');
  await expect(
    serverFileCredentials({ certificateFile: file('tls.crt'), privateKeyFile: file('none.key') }),
  ).rejects.toThrow('ENOENT');
});
