import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { BpfMap } from '../bpf/index.ts';
import { counterNames, readCounters, type KernelCounters } from './account.ts';
import { makeDirectory } from './makeDirectory.ts';

/** Where a point counts. */
export interface EpochSlot {
  slot: number;
  probeUid: string;
  probe: string;
  point: string;
}

/** One life of an agent, under way: its counters are pinned, and a journal says whose they are. */
export interface OpenEpoch {
  /** Before a point's programs can run. */
  assign(slot: EpochSlot): void;
  /** After the point's account was taken; `counters`: its last ones, for the slot's next user clears them. */
  release(slot: number, counters?: KernelCounters): void;
  /** The agent ends in good order: nothing is left behind. */
  close(): void;
}

/** An epoch whose agent ended without closing it. */
export interface DeadEpoch {
  epoch: Buffer;
  /** When it began. */
  since: Date;
  pid: number;
  /** The kernel's final counters of each point; undefined: unknown, for the machine was started anew since. */
  slots: (EpochSlot & { counters: KernelCounters | undefined })[];
  /** Points that had ended before, their accounts taken; undefined: nobody noted their counters. */
  released: (EpochSlot & { counters: KernelCounters | undefined })[];
}

interface Head {
  epoch: string;
  pid: number;
  /** Field 22 of /proc/PID/stat: tells a process from a later one of the same number. */
  started: string;
  boot: string;
  since: string;
}

type Entry = { assign: EpochSlot } | { release: number; counters?: Record<string, string> };

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** undefined: no such process, or one that has ended and was not waited for. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Keeps the account of agents that were killed. Counters outlive their agent in a pin below bpffs; a journal beside
 * says which slot was whose. The next agent reads what its predecessor counted, so that its loss is a number:
 * captured − (stored + filtered natively), and not a guess.
 */
export class Epochs {
  readonly #pins: string;
  readonly #journals: string;

  /**
   * @param pins a directory below bpffs, one a node, e.g. /sys/fs/bpf/traceprobe
   * @param journals a directory that is gone or old after a power cut, e.g. /run/traceprobe
   */
  constructor(pins: string, journals: string) {
    this.#pins = pins;
    this.#journals = journals;
  }

  /** Begins an epoch: pins the counters and starts its journal. */
  open(epoch: Buffer, counters: BpfMap): OpenEpoch {
    const name = epoch.toString('hex');
    makeDirectory(this.#pins);
    mkdirSync(this.#journals, { recursive: true });
    const journal = this.#journal(name);
    const head: Head = {
      epoch: name,
      pid: process.pid,
      started: startTime(process.pid) ?? '',
      boot: bootId(),
      since: new Date().toISOString(),
    };
    /** What a full disk did not take. */
    let unwritten = '';
    const write = (entry: Head | Entry): void => {
      unwritten += JSON.stringify(entry) + '\n';
      try {
        appendFileSync(journal, unwritten);
      } catch (error) {
        // It may have taken half a line: the next try begins a new one.
        unwritten = `\n${unwritten}`;
        throw error;
      }
      unwritten = '';
    };
    // In this order a kill leaves no pin that nobody knows of.
    write(head);
    try {
      counters.pin(this.#pin(name));
    } catch (error) {
      rmSync(journal, { force: true });
      throw error;
    }
    return {
      assign: (slot) => {
        write({ assign: slot });
      },
      release: (slot, counters) => {
        try {
          write({ release: slot, ...(counters && { counters: toText(counters) }) });
        } catch {
          // A probe can be stopped on a full disk. Until it is written the slot is not assigned anew.
        }
      },
      close: () => {
        this.#forget(name);
      },
    };
  }

  /**
   * Epochs whose agents are gone. Their programs went with them (links end with the process), so the counters are
   * final. They are read once: forget() them when what they say has been recorded.
   */
  dead(): DeadEpoch[] {
    if (!existsSync(this.#journals)) return [];
    return readdirSync(this.#journals)
      .filter((file) => file.endsWith('.journal'))
      .flatMap((file) => this.#readDead(file.slice(0, -'.journal'.length)));
  }

  /** Removes the pin and the journal of an epoch. false: somebody else has just done so. */
  forget(epoch: Buffer): boolean {
    return this.#forget(epoch.toString('hex'));
  }

  #readDead(name: string): DeadEpoch[] {
    const lines = readIfThere(this.#journal(name)).split('\n');
    // A kill in the middle of a write leaves half a line, of a slot whose programs had not run yet.
    const [head, ...entries] = lines.flatMap((line) => parse(line)) as [Head | undefined, ...Entry[]];
    if (head === undefined) return [];
    const sameBoot = head.boot === bootId();
    if (sameBoot && startTime(head.pid) === head.started) return [];
    const slots = new Map<number, EpochSlot>();
    const released: DeadEpoch['released'] = [];
    for (const entry of entries) {
      if ('assign' in entry) {
        slots.set(entry.assign.slot, entry.assign);
        continue;
      }
      const slot = slots.get(entry.release);
      if (slot !== undefined) {
        released.push({ ...slot, counters: entry.counters && fromText(entry.counters) });
      }
      slots.delete(entry.release);
    }
    const counters = sameBoot && existsSync(this.#pin(name)) ? BpfMap.openPinned(this.#pin(name)) : undefined;
    try {
      return [
        {
          epoch: Buffer.from(head.epoch, 'hex'),
          since: new Date(head.since),
          pid: head.pid,
          slots: [...slots.values()].map((slot) => ({
            ...slot,
            counters: counters && readCounters(counters, slot.slot),
          })),
          released,
        },
      ];
    } finally {
      counters?.close();
    }
  }

  #forget(name: string): boolean {
    // The journal first: of several who want to forget it, one removes it.
    try {
      unlinkSync(this.#journal(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    rmSync(this.#pin(name), { force: true });
    return true;
  }

  #journal(name: string): string {
    return join(this.#journals, `${name}.journal`);
  }

  #pin(name: string): string {
    return join(this.#pins, `${name}-counters`);
  }
}

/** Of an epoch that was closed, or forgotten by somebody else, since its name was read: nothing. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** JSON has no integers of 64 bits. */
function toText(counters: KernelCounters): Record<string, string> {
  return Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, String(count)]));
}

function fromText(counters: Record<string, string>): KernelCounters {
  return Object.fromEntries(
    counterNames.map((name) => [name, BigInt(counters[name] ?? 0)]),
  ) as KernelCounters;
}

function parse(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
