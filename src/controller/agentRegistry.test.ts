import { expect, test } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { ManualClock } from '../kubernetes/testing/manualClock.ts';
import { NodeReportSchema, ProbeReportSchema } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { AgentRegistry } from './agentRegistry.ts';
import { checkReport } from './checkReport.ts';

/** Probes whose status may look different after a node has said this of one. */
function tell(agents: AgentRegistry, notes: string[]): string[] | 'All' {
  const probe = create(ProbeReportSchema, { probeUid: 'p', generation: 1n, state: 'Running', notes });
  const report = checkReport(create(NodeReportSchema, { probes: [probe], complete: true, delivering: true }));
  return agents.report('a', report, () => true);
}

test('another note of a node is a change of the probe, and the same note is none', () => {
  const agents = new AgentRegistry(new ManualClock());
  agents.connected('a', 'uid-a');
  expect(tell(agents, ['mode Hold'])).toBe('All');
  expect(tell(agents, ['mode Hold'])).toEqual([]);
  expect(tell(agents, ['mode Hold', 'the positions are stale'])).toEqual(['p']);
  expect(agents.view({ name: 'a', uid: 'uid-a' } as never, 'p').answer?.notes).toEqual([
    'mode Hold',
    'the positions are stale',
  ]);
});

test('notes of an agent are limited, and what would move the cursor of a terminal is not passed on', () => {
  const agents = new AgentRegistry(new ManualClock());
  agents.connected('a', 'uid-a');
  tell(agents, [...Array.from({ length: 40 }, () => 'x'.repeat(5000)), '']);
  const { notes = [] } = agents.view({ name: 'a', uid: 'uid-a' } as never, 'p').answer ?? {};
  expect(notes).toHaveLength(16);
  expect(Buffer.byteLength(notes[0] ?? '')).toBe(1024);
  tell(agents, ['\u001b[2J']);
  expect(agents.view({ name: 'a', uid: 'uid-a' } as never, 'p').answer?.notes).toEqual(['\uFFFD[2J']);
});
