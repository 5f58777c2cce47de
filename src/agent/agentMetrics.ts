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

  function gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  }
}
