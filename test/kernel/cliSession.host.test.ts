import { expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { parseDocuments, type Manifest } from '../../src/api/index.ts';
import { JsonLines } from '../../src/cli/output/jsonLines.ts';
import { TextOutput } from '../../src/cli/output/textOutput.ts';
import { anyAborted } from '../../src/cli/run/endOfRun.ts';
import { EventPrinter } from '../../src/cli/run/eventPrinter.ts';
import { planProbes } from '../../src/cli/run/planProbes.ts';
import { Session } from '../../src/cli/run/session.ts';
import type { RunningProbe } from '../../src/cli/programs/runFile.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

/** A probe that expires sooner than a manifest may ask for. */
function brief(name: string, expireAfter: string): Manifest {
  const text = `apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: ${name} }
spec:
  points: [{ name: openat, attach: syscall/openat, filter: 'pid == 1' }]
`;
  const [manifest] = parseDocuments(text, 'brief.yaml');
  if (manifest === undefined) throw new TypeError('there is one document');
  return { ...manifest, probe: { ...manifest.probe, spec: { ...manifest.probe.spec, expireAfter } } };
}

test('probes that have expired stop with their accounts, and nothing is left to wait for', async () => {
  let stderr = '';
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      stderr += String(chunk);
      callback();
    },
  });
  const output = new TextOutput(sink, {});
  const told: RunningProbe[][] = [];
  const context = { stdout: output, stderr: output, environment: {}, log: () => undefined, exitCode: 0 };
  const printer = new EventPrinter({ output, format: new JsonLines('node'), limit: undefined });
  const session = new Session({
    context,
    printer,
    node: 'node',
    onPrograms: (running) => told.push(running),
  });
  try {
    using kernel = runningKernel();
    const planned = planProbes([brief('first', '1ms'), brief('second', '200ms')], kernel, undefined);
    expect(await session.apply(planned)).toEqual([]);
    await anyAborted([session.idle]);
  } finally {
    await session.close();
  }
  expect(session.exceeded).toBe(false);
  expect(stderr).toMatch(/^first:\n(.*\n){3} {2}it has expired: spec\.expireAfter is 1ms\nsecond:\n/);
  expect(told.map((running) => running.map(({ probe }) => probe))).toEqual([
    ['first', 'second'],
    ['second'],
    [],
  ]);
});
