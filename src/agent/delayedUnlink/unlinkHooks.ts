import { closeSync, constants, openSync } from 'node:fs';
import { BpfMap, BpfObject, Btf, RingBuffer, type Link, type Program } from '../../bpf/index.ts';
import { bpfObjectFile } from '../bpfObjectFile.ts';
import { callingThread } from './callingThread.ts';
import { decodeFileKey, encodeFileKey, keyOf, type FileKey } from './fileKey.ts';
import { KernelStruct } from './kernelStruct.ts';
import { isGone } from './openParent.ts';
import { decodeEvent, decodeSubject, unlinkCounters, type UnlinkCounter } from './unlinkEvent.ts';
import type { UnlinkEvent, UnlinkSubject } from './unlinkEvent.ts';
import { UnlinkPins } from './unlinkPins.ts';
import { checkRules, encodeRules, maxSlots, slotModes, type UnlinkRule } from './unlinkRules.ts';

export { keyOf, type FileKey } from './fileKey.ts';
export type { PassReason, UnlinkCounter, UnlinkEvent, UnlinkSubject } from './unlinkEvent.ts';
export type { UnlinkRule } from './unlinkRules.ts';

const { O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** DU_LAYOUT of bpf/include/delayed_unlink.h. */
const layout = 1;

/** enum du_wish and enum du_answer. */
const wishes = { identify: 0, mark: 1, adopt: 2, endHold: 3, remove: 4 } as const;
const answers = { unanswered: 0, done: 1, notIt: 2, full: 3 } as const;

/** A program that the kernel skipped on a preempted processor has not seen our request: it is made again. */
const attempts = 3;

export interface UnlinkHooksOptions {
  /** Below bpffs: maps and programs stay there when the agent ends, and the next one goes on without a gap. */
  pinDirectory?: string;
  /** Where deletions are decided on (waysToHold says what a kernel can). */
  attach: 'lsm' | 'fmod_ret';
  /** For rules of mode Override (features kretprobe and kprobeOverride). */
  override?: boolean;
  /** Unread files at a time, 96 bytes each; default 32,768. What is pinned keeps its size. */
  maxMarks?: number;
  /** Held files at a time, 760 bytes each; default 10,000. */
  maxHeld?: number;
  /** Bytes of the ring of events, a power of two; default 2 MiB, some 3,000 events. */
  ringBytes?: number;
  /** How old the last beat() may be, or nothing is held any more. Default 5 s. */
  graceMilliseconds?: number;
}

/** A file that was unlinked and is still there; `time` is when. */
export interface HeldEntry extends UnlinkSubject {
  root: FileKey;
  path: string;
  /** Of the probe that had the slot then, and the root as setRules was given it. */
  rootPath: string | undefined;
}

/** A rule whose root could not be opened: nothing matches it until setRules finds it. */
export interface RuleWithoutRoot {
  rule: UnlinkRule;
  error: Error;
}

/**
 * The kernel's half of delayed unlink: marks files when they are created, holds them when they are unlinked, and lets
 * the agent alone remove what is held. All calls are synchronous, and of one thread. Who does not call beat() often
 * enough holds nothing: every deletion goes through.
 */
export class UnlinkHooks implements Disposable {
  readonly #btf: Btf;
  readonly #object: BpfObject;
  readonly #pins: UnlinkPins | undefined;
  readonly #links: Link[] = [];
  readonly #programs: Program[];
  readonly #events: RingBuffer;
  readonly #structs;
  readonly #control: Buffer;
  readonly #slots: Buffer;
  #rules: Buffer | undefined;

  /** @throws BpfError, VerifierError; Error when what is pinned is of another layout */
  static open(options: UnlinkHooksOptions): UnlinkHooks {
    return new UnlinkHooks(options);
  }

  private constructor(options: UnlinkHooksOptions) {
    const { attach, pinDirectory, override = false } = options;
    using undo = new DisposableStack();
    const file = bpfObjectFile('delayed_unlink');
    this.#btf = undo.use(Btf.file(file));
    const struct = (name: string): KernelStruct => new KernelStruct(this.#btf, name);
    this.#structs = {
      control: struct('du_control'),
      slot: struct('du_slot'),
      table: struct('du_table'),
      record: struct('du_record'),
      mark: struct('du_mark'),
      request: struct('du_request'),
      thread: struct('du_thread'),
    };
    this.#pins = pinDirectory === undefined ? undefined : new UnlinkPins(pinDirectory);
    const inherited = this.#pins?.path('control');
    if (inherited !== undefined) this.#refuseOtherLayout(inherited);

    this.#object = undo.use(BpfObject.open(file));
    this.#object.map('marks').setMaxEntries(options.maxMarks ?? 32_768);
    this.#object.map('held').setMaxEntries(options.maxHeld ?? 10_000);
    this.#object.map('events').setMaxEntries(options.ringBytes ?? 1 << 21);
    const other = attach === 'lsm' ? /_(fentry|fmod_ret)$/ : /_lsm$/;
    this.#programs = this.#object
      .programs()
      .filter(({ name }) => !other.test(name) && (name !== 'answer' || override));
    for (const program of this.#object.programs()) program.setAutoload(this.#programs.includes(program));
    this.#pins?.reuse(this.#object);
    this.#object.load();

    const memory = (map: string): Buffer => Buffer.from(this.#object.map(map).mmap());
    this.#control = memory('control');
    this.#slots = memory('slots');
    this.#structs.control.set(this.#control, 'layout', layout);
    this.#structs.control.set(this.#control, 'grace', BigInt(options.graceMilliseconds ?? 5000) * 1_000_000n);
    // What an agent that was killed had just asked for.
    this.#structs.control.set(this.#control, 'requests', 0);
    for (const thread of this.#object.map('requests').keys()) this.#object.map('requests').delete(thread);
    this.beat();
    if (inherited === undefined)
      this.#pins?.pin(this.#object.maps().filter(({ name }) => !name.includes('.')));
    this.#events = undo.use(RingBuffer.open(this.#object.map('events')));
    const links = this.#programs.flatMap((program) => attachments(program));
    for (const { hook, attach: make } of links) {
      const link = undo.use(make());
      this.#links.push(link);
      this.#pins?.replaceLink(hook, link);
    }
    this.#pins?.removeOtherLinks(links.map(({ hook }) => hook));
    undo.move();
  }

  /**
   * Replaces all rules at once: a rule that stays holds throughout. Takes the kernel some milliseconds. What is held
   * for a slot without rules stays until it is removed or let go; its marks are forgotten.
   * @returns rules whose root is not there; the others are in force
   * @throws RangeError naming a rule that cannot be one; nothing has changed then
   */
  setRules(rules: readonly UnlinkRule[]): RuleWithoutRoot[] {
    checkRules(rules);
    const failed: RuleWithoutRoot[] = [];
    const roots = rules.map((rule) => {
      try {
        return this.#root(rule.root);
      } catch (error) {
        failed.push({ rule, error: error instanceof Error ? error : new Error(String(error)) });
        return undefined;
      }
    });
    for (const rule of new Map(rules.map((each) => [each.slot, each])).values()) this.#setSlot(rule);
    const { table } = this.#structs;
    const epochOf = (slot: number): number => this.#structs.slot.number(this.#slot(slot), 'epoch');
    const bytes = encodeRules(table, rules, roots, epochOf);
    if (this.#rules?.equals(bytes) !== true) {
      using inner = BpfMap.create({ type: 'array', keySize: 4, valueSize: table.size, maxEntries: 1 });
      inner.update(zero, bytes);
      this.#object.map('rules').update(zero, word(inner.fd));
      this.#rules = bytes;
    }
    const live = new Set(rules.map(({ slot }) => slot));
    for (let slot = 0; slot < maxSlots; slot++) {
      if (!live.has(slot)) this.#structs.slot.set(this.#slot(slot), 'mode', slotModes.Off);
    }
    this.#forgetMarks((slot, epoch) => live.has(slot) && epoch === epochOf(slot));
    return failed;
  }

  /** The probe that has or had a slot, by the UID that its rules gave; '' none. */
  probeOf(slot: number): string {
    return this.#structs.slot.text(this.#slot(slot), 'probe');
  }

  /**
   * Marks a file that is there already.
   * @throws ENOENT and the like when it cannot be opened; Error when it is no regular file or there is no room
   */
  enrol(path: string, slot: number): FileKey {
    return this.#openAs('mark', path, slot);
  }

  /** As enrol(), and holds it, as if it had just been unlinked: what a journal knows and the kernel has forgotten. */
  adopt(path: string, slot: number): FileKey {
    return this.#openAs('adopt', path, slot);
  }

  /** Its shipper has read it: an unlink goes through. For a file that is held, call remove() or letGo(). */
  unmark(key: FileKey): void {
    this.#object.map('marks').delete(encodeFileKey(key));
  }

  /** Unread files, with the time of their creation or enrolment (CLOCK_MONOTONIC ns). */
  marks(): { key: FileKey; slot: number; time: bigint }[] {
    const { mark } = this.#structs;
    return this.#object
      .map('marks')
      .entries()
      .map(([key, value]) => ({
        key: decodeFileKey(key),
        slot: mark.number(value, 'slot'),
        time: mark.get(value, 'time'),
      }));
  }

  held(): HeldEntry[] {
    return this.#object
      .map('held')
      .entries()
      .flatMap(([, value]) => this.#heldEntry(value) ?? []);
  }

  /** One of them; undefined: it is not held. */
  heldFile(key: FileKey): HeldEntry | undefined {
    const value = this.#object.map('held').lookup(encodeFileKey(key));
    return value && this.#heldEntry(value);
  }

  /** A root as setRules was given it; undefined: it is too long to be remembered. */
  rootPath(root: FileKey): string | undefined {
    const path = this.#object.map('roots').lookup(encodeFileKey(root));
    return path?.toString('utf8', 0, path.indexOf(0));
  }

  /**
   * Removes a held file by a call that unlinks its name: the kernel lets it through if it is that file, in the
   * directory in which it was held, without another name; otherwise nothing is removed. The hold has ended either way.
   * @param unlink makes one unlink, in this thread
   * @returns notThere: the name is gone, or something else is there
   * @throws what unlink threw for other reasons (EROFS, EACCES): it is held as before
   */
  remove(key: FileKey, unlink: () => void): 'removed' | 'notThere' {
    for (let attempt = 1; ; attempt++) {
      let failure: unknown;
      const { answer } = this.#ask({ wish: 'remove', key }, () => {
        try {
          unlink();
        } catch (error) {
          failure = error;
        }
      });
      if (failure === undefined && answer === 'done') return 'removed';
      if (failure === undefined) {
        throw new Error(
          `a name was unlinked for the held file ${keyOf(key)}, and the kernel's program did not see it`,
        );
      }
      if (!isGone(failure)) throw failure as Error;
      if (answer === 'unanswered' && attempt < attempts) continue;
      this.letGo(key);
      return 'notThere';
    }
  }

  /** Ends a hold: the file stays, as if nobody had unlinked it. false: it was not held. */
  letGo(key: FileKey): boolean {
    return this.#open({ wish: 'endHold', key }, '/', O_DIRECTORY).answer === 'done';
  }

  /** The agent is alive. @param now CLOCK_MONOTONIC ns */
  beat(now = process.hrtime.bigint()): void {
    this.#structs.control.set(this.#control, 'beat', now);
  }

  /** While it is low nothing more is held for the slot. */
  setDiskLow(slot: number, low: boolean): void {
    this.#structs.slot.set(this.#slot(slot), 'disk_low', low ? 1 : 0);
  }

  /** Hands over what is in the ring. Either this or listen(). */
  drain(onEvent: (event: UnlinkEvent) => void): void {
    for (const record of this.#events.drain()) onEvent(decodeEvent(this.#structs.record, record));
  }

  /** Hands events over within milliseconds, until close(). */
  listen(onEvent: (event: UnlinkEvent) => void): void {
    this.#events.consume((records) => {
      for (const record of records) onEvent(decodeEvent(this.#structs.record, record));
    });
  }

  /** What happened for a slot so far; pinned, it goes on from one agent to the next. */
  counters(slot: number): Record<UnlinkCounter, bigint> & { heldFiles: bigint; heldBytes: bigint } {
    const { slot: struct } = this.#structs;
    const bytes = this.#slot(slot);
    const counts = unlinkCounters.map((name, n) => [name, struct.get(bytes, `count.${n}`)]);
    return {
      ...(Object.fromEntries(counts) as Record<UnlinkCounter, bigint>),
      heldFiles: struct.get(bytes, 'files'),
      heldBytes: struct.get(bytes, 'bytes'),
    };
  }

  /** Events that the ring had no room for so far, of all slots: held() knows what they would have told of holds. */
  get lostEvents(): bigint {
    const path = `count.${unlinkCounters.indexOf('lostEvents')}`;
    return Array.from({ length: maxSlots }, (_, slot) =>
      this.#structs.slot.get(this.#slot(slot), path),
    ).reduce((sum, count) => sum + count, 0n);
  }

  /** How often the kernel skipped a program of ours: none where they are attached as lsm since 6.2. */
  missed(): number {
    return this.#programs.reduce((sum, program) => sum + program.info.recursionMisses, 0);
  }

  /** keep: what is pinned stays in force until the heartbeat is too old, for the next agent. Closing twice is fine. */
  close({ keep }: { keep: boolean }): void {
    if (!keep && this.#object.loaded) this.#pins?.remove();
    this.#events.close();
    for (const link of this.#links) link.close();
    this.#object.close();
    this.#btf.close();
  }

  [Symbol.dispose](): void {
    this.close({ keep: false });
  }

  get #slotBytes(): number {
    return this.#structs.slot.size;
  }

  #slot(slot: number): Buffer {
    return this.#slots.subarray(slot * this.#slotBytes, (slot + 1) * this.#slotBytes);
  }

  #setSlot({ slot, probe = '', mode, maxHeldFiles, maxHeldBytes }: UnlinkRule): void {
    const { slot: struct } = this.#structs;
    const bytes = this.#slot(slot);
    if (struct.number(bytes, 'mode') === slotModes.Off || struct.text(bytes, 'probe') !== probe) {
      struct.set(bytes, 'epoch', struct.number(bytes, 'epoch') + 1);
      struct.set(bytes, 'disk_low', 0);
      struct.setText(bytes, 'probe', probe);
    }
    struct.set(bytes, 'max_files', maxHeldFiles);
    struct.set(bytes, 'max_bytes', maxHeldBytes);
    struct.set(bytes, 'mode', slotModes[mode]);
  }

  #forgetMarks(isLive: (slot: number, epoch: number) => boolean): void {
    const { mark } = this.#structs;
    const marks = this.#object.map('marks');
    for (const [key, value] of marks.entries()) {
      if (!isLive(mark.number(value, 'slot'), mark.number(value, 'epoch'))) marks.delete(key);
    }
  }

  #heldEntry(value: Buffer): HeldEntry | undefined {
    const { record } = this.#structs;
    if (record.number(value, 'complete') === 0) return undefined;
    const subject = decodeSubject(record, value);
    const root = decodeFileKey(record.bytes(value, 'root'));
    return { ...subject, root, rootPath: this.rootPath(root), path: subject.path ?? '' };
  }

  /** Which directory it is, to the kernel. */
  #root(path: string): FileKey {
    const { answer, key } = this.#open({ wish: 'identify' }, path, O_DIRECTORY);
    if (answer !== 'done') throw unseen(path);
    const roots = this.#object.map('roots');
    const value = Buffer.alloc(roots.valueSize);
    if (value.write(path) < value.length) roots.update(encodeFileKey(key), value);
    return key;
  }

  #openAs(wish: 'mark' | 'adopt', path: string, slot: number): FileKey {
    const flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const { answer, key } = this.#open({ wish, slot }, path, flags);
    if (answer === 'done') return key;
    if (answer === 'unanswered') throw unseen(path);
    throw new Error(
      answer === 'notIt'
        ? `${path} is no regular file`
        : `${path} cannot be kept: no room, or beyond the limits`,
    );
  }

  /** Opens a path so that our program answers a request. */
  #open(request: Request, path: string, flags: number): Answer {
    for (let attempt = 1; ; attempt++) {
      const answered = this.#ask(request, () => {
        closeSync(openSync(path, O_RDONLY | flags));
      });
      if (answered.answer !== 'unanswered' || attempt === attempts) return answered;
    }
  }

  #ask({ wish, key, slot = 0 }: Request, call: () => void): Answer {
    const { request, thread, control } = this.#structs;
    const { tid, pidNamespace } = callingThread();
    const who = Buffer.alloc(thread.size);
    thread.set(who, 'pid_namespace', pidNamespace);
    thread.set(who, 'tid', tid);
    const value = Buffer.alloc(request.size);
    request.set(value, 'wish', wishes[wish]);
    request.set(value, 'slot', slot);
    request.set(value, 'epoch', this.#structs.slot.get(this.#slot(slot), 'epoch'));
    if (key !== undefined) encodeFileKey(key).copy(request.bytes(value, 'file'));
    const requests = this.#object.map('requests');
    requests.update(who, value);
    control.set(this.#control, 'requests', 1);
    let answered: Buffer | undefined;
    try {
      call();
    } finally {
      control.set(this.#control, 'requests', 0);
      answered = requests.lookupAndDelete(who);
    }
    const number = answered === undefined ? answers.unanswered : request.number(answered, 'answer');
    const answer = (Object.keys(answers) as (keyof typeof answers)[]).find(
      (name) => answers[name] === number,
    );
    return {
      answer: answer ?? 'unanswered',
      key: decodeFileKey(request.bytes(answered ?? value, 'file')),
    };
  }

  #refuseOtherLayout(control: string): void {
    using map = BpfMap.openPinned(control);
    const found = map.lookup(zero)?.readBigUInt64LE() ?? 0n;
    if (found === BigInt(layout)) return;
    throw new Error(
      `what another version of the agent left at ${control} has layout ${found}, this one has ${layout}: ` +
        `stop that agent and remove that directory; files that it held stay where they are`,
    );
  }
}

interface Request {
  wish: keyof typeof wishes;
  key?: FileKey;
  slot?: number;
}

interface Answer {
  answer: keyof typeof answers;
  key: FileKey;
}

/** Where a program goes, and what the hook is called whichever program is there. */
function attachments(program: Program): { hook: string; attach: () => Link }[] {
  const [hook = program.name] = program.name.split('_', 1); // open, unlink, rename, of either way to attach
  if (hook !== 'answer') return [{ hook, attach: () => program.attach() }];
  return (process.arch === 'x64' ? ['unlink', 'unlinkat'] : ['unlinkat']).map((call) => ({
    hook: `answer_${call}`,
    attach: () => program.attachKsyscall(call, { retprobe: true }),
  }));
}

const zero = Buffer.alloc(4);

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function unseen(path: string): Error {
  return new Error(`${path} was opened, and the kernel's program did not see it: is it attached?`);
}
