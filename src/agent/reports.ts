import { isDeepStrictEqual } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { ProbeReportSchema, type ProbeReport } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { Debounced } from './debounced.ts';

/** How long reports are gathered before they are sent. */
const gatherMilliseconds = 20;

/** What became of each probe of this node, for the controller: gathered for a moment, then what changed is sent. */
export class Reports {
  readonly #send: (probes: ProbeReport[], complete: boolean) => boolean;
  readonly #byUid = new Map<string, ProbeReport>();
  readonly #changed = new Set<string>();
  /** By UID. */
  readonly #problems = new Map<string, readonly string[]>();
  readonly #sending = new Debounced(() => {
    this.flush(false);
  }, gatherMilliseconds);
  #note: string | undefined;

  /** @param send false: nobody is there; then everything is asked for (flush) when somebody is */
  constructor(send: (probes: ProbeReport[], complete: boolean) => boolean) {
    this.#send = send;
  }

  get byUid(): ReadonlyMap<string, ProbeReport> {
    return this.#byUid;
  }

  /** @param report undefined: the probe is forgotten */
  take(uid: string, report: ProbeReport | undefined): void {
    if (report === undefined) {
      this.#byUid.delete(uid);
      this.#changed.delete(uid);
      this.#problems.delete(uid);
      return;
    }
    this.#byUid.set(uid, report);
    this.#change(uid);
  }

  /** Events of a probe were lost within the last minute, by reason. */
  setLosing(uid: string, losing: Record<string, bigint>): void {
    const report = this.#byUid.get(uid);
    if (report === undefined || Object.keys({ ...losing, ...report.losing }).length === 0) return;
    report.losing = losing;
    this.#change(uid);
  }

  /** Why a probe that runs does less than it says, in words; none: it does not. */
  setProblems(uid: string, problems: readonly string[]): void {
    if (isDeepStrictEqual(this.#problems.get(uid) ?? [], problems)) return;
    this.#problems.set(uid, problems);
    if (this.#byUid.has(uid)) this.#change(uid);
  }

  /** Is true of every probe that runs here; undefined: nothing is. */
  setNote(note: string | undefined): void {
    this.#note = note;
    for (const uid of this.#byUid.keys()) this.#change(uid);
  }

  /** Sends what changed, or everything. */
  flush(complete: boolean): void {
    const uids = complete ? [...this.#byUid.keys()] : [...this.#changed];
    const reports = uids.flatMap((uid) => this.#byUid.get(uid) ?? []).map((report) => this.#noted(report));
    if (this.#send(reports, complete)) this.#changed.clear();
  }

  close(): void {
    this.#sending.cancel();
  }

  #change(uid: string): void {
    this.#changed.add(uid);
    this.#sending.request();
  }

  #noted(report: ProbeReport): ProbeReport {
    const more = [
      ...(this.#problems.get(report.probeUid) ?? []),
      ...(this.#note === undefined ? [] : [this.#note]),
    ];
    if (more.length === 0 || report.state !== 'Running') return report;
    return create(ProbeReportSchema, { ...report, notes: [...report.notes, ...more] });
  }
}
