import { openSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { KernelFeatures } from '../../src/bpf/index.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { trace } from '../../src/testing/index.ts';

function open(path: string): void {
  try {
    openSync(path, 'r');
  } catch {
    // it does not exist: that is the event
  }
}

const opens = (extra = ''): string => `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
  - name: openat
    attach: syscall/openat
    capture: [{ name: filename }, { name: retval }, { name: duration }]
    filter: 'pid == ${process.pid}'
  ${extra}
`;

test('a system call is paired with its return, its error and how long it took', async () => {
  const { account } = await trace(opens())
    .during(() => {
      open('/nonexistent/one');
    })
    .expectCount(1, {
      point: 'openat',
      filename: '/nonexistent/one',
      retval: -2,
      pid: process.pid,
      context: 'task',
      duration: (ns: unknown) => typeof ns === 'number' && ns > 0 && ns < 1e9,
    })
    .expectNone({ filename: '/nonexistent/two' });
  expect(account.lost).toEqual({});
});

test('an expectation that is not met names the nearest events', async () => {
  const failing = trace(opens())
    .during(() => {
      open('/nonexistent/three');
    })
    .expectEvent({ filename: '/nonexistent/four', retval: -2 });
  await expect(Promise.resolve(failing)).rejects.toThrow(
    /expected an event with \{ filename: '\/nonexistent\/four', retval: -2 \}\nnearest of \d+ events:\n.*three/,
  );
});

test('every one of 10,000 calls is accounted for: captured or over the rate', async () => {
  const { account, events } = await trace(opens('limits: { eventsPerSecondPerNode: 100 }')).during(() => {
    for (let i = 0; i < 10_000; i++) open('/nonexistent/many');
  });
  const lost = account.lost.rate ?? 0n;
  expect(lost).toBeGreaterThan(0n);
  // Before 6.7 the kernel does not say how often it skipped the program.
  const unknown = account.missed === undefined ? Infinity : Number(account.missed);
  expect(events.length + Number(lost) + unknown).toBeGreaterThanOrEqual(10_000);
  expect(account.captured + lost + account.filteredInKernel + account.open).toBe(account.attempted);
});

test('a string that a kernel function got from user space is read, though its type does not tell', async () => {
  using features = new KernelFeatures();
  const { supported, reason } = features.probe('kprobe');
  using kernel = runningKernel();
  const parameters = kernel.types.functionPrototype('do_sys_openat2')?.parameters ?? [];
  if (!supported || !parameters.some(({ name }) => name === 'filename')) {
    console.log(`not on this kernel: ${reason ?? 'do_sys_openat2(filename) is another function here'}`);
    return;
  }
  await trace(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points: [{ name: open, attach: kprobe/do_sys_openat2, capture: [{ name: filename }] }]
`)
    .during(() => {
      open('/nonexistent/from-user');
    })
    .expectEvent({ filename: '/nonexistent/from-user', pid: process.pid });
});
