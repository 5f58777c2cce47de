// node captureToFile.ts FILE PINS JOURNALS: captures openat calls to FILE as batches, each behind its length, until killed.
import { openSync, writeSync } from 'node:fs';
import { Epochs } from '../../src/agent/epochs.ts';
import { Host } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

const [file = '', pins = '', journals = ''] = process.argv.slice(2);
const [manifest] = parseDocuments(
  `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
  - name: openat
    attach: syscall/openat
    capture: [{ name: filename }, { name: retval }]
    filter: 'filename.startsWith("/nonexistent/") && filename.matches("[02468]$")'
  - name: enter
    attach: tracepoint/syscalls/sys_enter_openat
    capture: [{ name: dfd }]
  limits: { eventsPerSecondPerNode: 10000000, cpuPercentPerNode: 100 }
`,
  'probe',
);
if (manifest === undefined) throw new Error('no probe');
using kernel = runningKernel();
const plan = compileProbe(manifest.probe, kernel);
const out = openSync(file, 'w');
const host = new Host({
  epochs: new Epochs(pins, journals),
  flushMilliseconds: 10,
  onBatches(batches) {
    for (const { bytes } of batches) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      writeSync(out, Buffer.concat([length, bytes]));
    }
  },
});
await host.apply(plan);
process.stdout.write('armed\n');
