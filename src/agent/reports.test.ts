import { afterEach, expect, test } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { ProbeReportSchema, type ProbeReport } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { Reports } from './reports.ts';

const sent: ProbeReport[][] = [];
const reports = new Reports((probes) => sent.push(probes) > 0);
afterEach(() => {
  reports.close();
});

const notes = (): string[][] => {
  reports.flush(false);
  return sent.splice(0).flatMap((probes) => probes.map((probe) => probe.notes));
};

test('problems of a probe that runs are told as notes beside its own, and again only when they change', () => {
  const own = { probeUid: 'p', state: 'Running', notes: ['mode Hold'] };
  reports.take('p', create(ProbeReportSchema, own));
  expect(notes()).toEqual([['mode Hold']]);
  reports.setProblems('p', ['the positions are stale']);
  expect(notes()).toEqual([['mode Hold', 'the positions are stale']]);
  reports.setProblems('p', ['the positions are stale']);
  expect(notes()).toEqual([]);
  reports.setProblems('p', []);
  expect(notes()).toEqual([['mode Hold']]);
});

test('a probe that does not run has no problems of that kind', () => {
  reports.setProblems('p', ['the positions are stale']);
  reports.take('p', create(ProbeReportSchema, { probeUid: 'p', state: 'Failed' }));
  expect(notes()).toEqual([[]]);
});
