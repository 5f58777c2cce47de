import type { NodeReport, ProbeReport } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { cutText } from './cutText.ts';
import { probeStates, type ProbeAnswer, type ProbeState } from './nodeReport.ts';

/** As the CRD limits what is made of them. */
const maxMessageBytes = 1024;
const maxReasons = 16;
const maxNotes = 16;

/** What an agent says, checked: nothing of it can be larger or other than what a status may hold. */
export interface CheckedReport {
  /** By probe UID. */
  answers: Map<string, ProbeAnswer>;
  /** Everything the node has to say; otherwise what changed. */
  complete: boolean;
  revision: bigint;
  delivering: boolean;
  deliveryMessage: string;
}

/** @throws TypeError for a report that no agent sends */
export function checkReport(report: NodeReport): CheckedReport {
  const { probes, complete, revision, delivering, deliveryMessage } = report;
  return {
    answers: new Map(probes.map((probe) => [probe.probeUid, answerOf(probe)])),
    complete,
    revision,
    delivering,
    deliveryMessage: printable(deliveryMessage),
  };
}

function answerOf({ generation, state, reason, message, losing, notes }: ProbeReport): ProbeAnswer {
  if (!isState(state)) {
    throw new TypeError(`state ${JSON.stringify(cutText(state, 64))} is none of ${probeStates.join(', ')}`);
  }
  return {
    generation: Number(generation),
    state,
    reason: /^[A-Z][A-Za-z0-9]{0,63}$/.test(reason) ? reason : '',
    message: printable(message),
    losing: Object.entries(losing)
      .filter(([name, count]) => count > 0n && /^[A-Za-z][\w-]{0,31}$/.test(name))
      .map(([name]) => name)
      .slice(0, maxReasons),
    notes: notes.slice(0, maxNotes).map(printable),
  };
}

function isState(state: string): state is ProbeState {
  return (probeStates as readonly string[]).includes(state);
}

/** What `kubectl describe` may print to a terminal: no control characters but line ends and tabs. */
function printable(text: string): string {
  return cutText(text.slice(0, 4 * maxMessageBytes).replace(/[^\P{Cc}\t\n]/gu, '�'), maxMessageBytes);
}
