import type { FileKey } from './fileKey.ts';
import { encodeFileKey } from './fileKey.ts';
import type { KernelStruct } from './kernelStruct.ts';

/** Which files are held when they are unlinked, and for which probe. */
export interface UnlinkRule {
  /** 0 to 31, one a probe. */
  slot: number;
  /** The probe's UID: a slot that goes from one to another forgets the marks of the first. */
  probe?: string;
  /** A directory as the agent can open it: "/host/var/log/pods". */
  root: string;
  /** Directories between the root and the file: so many, or any number from 0 to 24. */
  depth: number | 'any';
  /** The file's name begins and ends so; each at most 64 bytes. */
  prefix: string;
  suffix: string;
  /** The name is prefix and suffix with nothing between. */
  exact?: boolean;
  /**
   * The same for all rules of a slot, as the limits are. Observe: only says what Hold would have held. Override: as
   * Hold, and callers of unlink and unlinkat are told that they have succeeded (hooks opened with override).
   */
  mode: 'Hold' | 'Observe' | 'Override';
  maxHeldFiles: number;
  maxHeldBytes: bigint;
}

/** As du_mode. */
export const slotModes = { Off: 0, Observe: 1, Hold: 2, Override: 3 } as const;

export const maxRules = 32;
export const maxSlots = 32;
export const maxDepth = 24;
const globBytes = 64;

/**
 * struct du_table.
 * @param roots the directory of each rule, undefined when it could not be opened: the rule is left out
 * @param epochOf of a slot
 */
export function encodeRules(
  table: KernelStruct,
  rules: readonly UnlinkRule[],
  roots: readonly (FileKey | undefined)[],
  epochOf: (slot: number) => number,
): Buffer {
  const bytes = Buffer.alloc(table.size);
  const or = (path: string, bits: bigint): void => {
    table.set(bytes, path, table.get(bytes, path) | bits);
  };
  const known: FileKey[] = [];
  for (const [n, rule] of rules.entries()) {
    const directory = roots[n];
    if (directory === undefined) continue;
    const bit = 1n << BigInt(n);
    let root = known.findIndex((other) => encodeFileKey(other).equals(encodeFileKey(directory)));
    if (root < 0) {
      root = known.push(directory) - 1;
      encodeFileKey(directory).copy(table.bytes(bytes, `roots.${root}.directory`));
    }
    or(`roots.${root}.rules`, bit);
    or('devices', 1n << ((directory.device ^ (directory.device >> 20n)) & 63n));
    or('root_inodes', 1n << (directory.inode & 63n));
    or(`of_slot.${rule.slot}`, bit);
    for (let depth = 0; depth <= maxDepth; depth++) {
      if (rule.depth === 'any' || rule.depth === depth) or(`at_depth.${depth}`, bit);
    }
    encodeRule(table, bytes, `rules.${n}`, rule, epochOf(rule.slot));
  }
  table.set(bytes, 'rule_count', rules.length);
  table.set(bytes, 'root_count', known.length);
  return bytes;
}

function encodeRule(table: KernelStruct, bytes: Buffer, at: string, rule: UnlinkRule, epoch: number): void {
  const prefix = Buffer.from(rule.prefix);
  // An exact name is a prefix and a suffix that leave no room between them.
  const suffix = Buffer.from(rule.suffix);
  prefix.copy(table.bytes(bytes, `${at}.prefix`));
  suffix.copy(table.bytes(bytes, `${at}.suffix`));
  const tail = Buffer.alloc(8);
  const mask = Buffer.alloc(8);
  const last = suffix.subarray(-8);
  last.copy(tail, 8 - last.length);
  mask.fill(0xff, 8 - last.length);
  table.set(bytes, `${at}.tail`, tail.readBigUInt64LE());
  table.set(bytes, `${at}.tail_mask`, mask.readBigUInt64LE());
  table.set(bytes, `${at}.prefix_bytes`, prefix.length);
  table.set(bytes, `${at}.suffix_bytes`, suffix.length);
  table.set(bytes, `${at}.exact`, rule.exact === true ? 1 : 0);
  table.set(bytes, `${at}.slot`, rule.slot);
  table.set(bytes, `${at}.epoch`, epoch);
}

/** @throws RangeError naming the first rule that cannot be one */
export function checkRules(rules: readonly UnlinkRule[]): void {
  if (rules.length > maxRules) {
    throw new RangeError(
      `delayed unlink has at most ${maxRules} path patterns on a node, not ${rules.length}`,
    );
  }
  for (const rule of rules) {
    const { slot, depth, prefix, suffix, root } = rule;
    const fail = (what: string): never => {
      throw new RangeError(
        `the rule for ${prefix}${rule.exact === true ? '' : '*'}${suffix} below ${root}: ${what}`,
      );
    };
    if (!(slot >= 0 && slot < maxSlots)) fail(`slot must be from 0 to ${maxSlots - 1}, not ${slot}`);
    if (depth !== 'any' && !(depth >= 0 && depth <= maxDepth)) {
      fail(`depth must be from 0 to ${maxDepth}, not ${depth}`);
    }
    for (const text of [prefix, suffix]) {
      if (Buffer.byteLength(text) > globBytes || text.includes('/')) {
        fail(`'${text}' must be a part of a file name of at most ${globBytes} bytes`);
      }
    }
    const first = rules.find((other) => other.slot === slot) ?? rule;
    for (const what of ['probe', 'mode', 'maxHeldFiles', 'maxHeldBytes'] as const) {
      if (first[what] !== rule[what]) fail(`${what} differs from that of another rule of slot ${slot}`);
    }
  }
}
