import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { bearer } from '../../rpc/identity.ts';
import type { CliContext } from '../cliContext.ts';
import { TextOutput } from '../output/textOutput.ts';
import type { Events } from './events.ts';
import { FakeWatchCall } from './testing/fakeWatchCall.ts';
import { watchProbe } from './watchProbe.ts';

test('CSV has one header as long as columns are the same', async () => {
  const call = new FakeWatchCall('alice');
  const events: Events = {
    client: { watch: () => call } as unknown as Events['client'],
    credentials: () => Promise.resolve(bearer('alice')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const stdout = new PassThrough();
  const context: CliContext = {
    ...{ stdout: new TextOutput(stdout, {}), stderr: new TextOutput(new PassThrough(), {}), environment: {} },
    ...{ log: () => undefined, exitCode: 0 },
  };
  call.show(1);
  call.header(2n);
  call.show(2);
  const options = { probe: 'opens', point: '', filter: '', output: 'csv', count: 3 } as const;
  expect(await watchProbe(events, options, context, new AbortController().signal)).toBe(3);
  expect(String(stdout.read())).toBe('probe,point,n\r\n' + 'opens,open,0\r\n'.repeat(3));
});
