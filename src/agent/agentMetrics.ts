import { Counter, Gauge, Registry } from 'prom-client';
import type { Agent } from './agent.ts';

/** Prometheus metrics of an agent, read when they are asked for. */
export function agentMetrics(agent: Agent): Registry {
  const registry = new Registry();
  const registers = [registry];
  const probe = ['probe_uid'] as const;
  new Counter({
    name: 'traceprobe_agent_events_total',
    help: 'Hits of probes in this life of the agent, by what became of them.',
    labelNames: [...probe, 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [uid, account] of agent.ledger.accounts()) {
        const { attempted, filteredInKernel, captured, filteredNatively, delivered } = account;
        const outcomes = { attempted, filteredInKernel, captured, filteredNatively, delivered };
        for (const [outcome, count] of Object.entries(outcomes)) {
          this.inc({ probe_uid: uid, outcome }, Number(count));
        }
      }
    },
  });
  new Counter({
    name: 'traceprobe_agent_lost_events_total',
    help: 'Events that were lost on this node, by reason.',
    labelNames: [...probe, 'reason'],
    registers,
    collect() {
      this.reset();
      for (const [uid, { lost }] of agent.ledger.accounts()) {
        for (const [reason, count] of Object.entries(lost))
          this.inc({ probe_uid: uid, reason }, Number(count));
      }
    },
  });
  new Counter({
    name: 'traceprobe_agent_unattributed_events_total',
    help: 'Captured events of which nobody knew in time whose they are: they carry no pod.',
    labelNames: probe,
    registers,
    collect() {
      this.reset();
      for (const [uid, { unattributed }] of agent.ledger.accounts()) {
        this.inc({ probe_uid: uid }, Number(unattributed));
      }
    },
  });
  new Counter({
    name: 'traceprobe_agent_delayed_unlinks_total',
    help: 'Files of a delayedUnlink, by what happened to them.',
    labelNames: [...probe, 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [uid, counters] of keptBy(agent)) {
        for (const [outcome, count] of Object.entries(counters)) {
          if (!['heldFiles', 'heldBytes'].includes(outcome))
            this.inc({ probe_uid: uid, outcome }, Number(count));
        }
      }
    },
  });
  perProbe('traceprobe_agent_kept_files', 'Deleted files that are kept.', ({ heldFiles }) => heldFiles);
  perProbe('traceprobe_agent_kept_bytes', 'What kept files take of the disk.', ({ heldBytes }) => heldBytes);
  perProbe(
    'traceprobe_agent_delayed_unlink_problems',
    'Reasons why a delayedUnlink does less than it says: no directory, no usable positions.',
    (_, uid) => agent.host.delayedUnlinks?.problems(uid).length,
  );
  new Gauge({
    name: 'traceprobe_agent_probes',
    help: 'Probes of this node, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of agent.reports.values()) this.inc({ state });
    },
  });
  gauge('traceprobe_agent_spool_bytes', 'Frames that wait on disk.', () => agent.outbox.spoolBytes);
  gauge('traceprobe_agent_queue_bytes', 'Frames that wait in memory.', () => agent.outbox.memoryBytes);
  gauge('traceprobe_agent_spool_lost_events', 'Events dropped because the spool was full.', () =>
    Number(agent.outbox.lostRows),
  );
  gauge('traceprobe_agent_controller_linked', '1 while a controller is connected.', () =>
    Number(agent.linked),
  );
  gauge('traceprobe_agent_cpu_budgets_kept', '1 while limits.cpuPercentPerNode is kept.', () =>
    Number(agent.keepsBudgets),
  );
  gauge('traceprobe_agent_delivering', '1 while the aggregator takes events.', () =>
    Number(agent.delivery.delivering),
  );
  return registry;

  /** Of probes of kind delayedUnlink. */
  function perProbe(
    name: string,
    help: string,
    value: (counters: Record<string, bigint>, uid: string) => bigint | number | undefined,
  ): void {
    new Gauge({
      ...{ name, help, registers, labelNames: probe },
      collect() {
        this.reset();
        for (const [uid, counters] of keptBy(agent))
          this.set({ probe_uid: uid }, Number(value(counters, uid) ?? 0));
      },
    });
  }

  function gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  }
}

/** What was counted for each probe of kind delayedUnlink, by UID. */
function keptBy({ host }: Agent): [string, Record<string, bigint>][] {
  const probes = host.probes.filter(({ delayedUnlink }) => delayedUnlink !== undefined);
  return probes.map(({ uid }) => [uid, host.delayedUnlinks?.counters(uid) ?? {}]);
}
