import type { Btf } from '../../bpf/btf.ts';

/** What resolving names needs of type information; tests hand in small hand-written ones. */
export type BtfReader = Pick<Btf, 'find' | 'type' | 'names'>;
export type { BtfEnumValue, BtfKind, BtfMember, BtfParam, BtfType } from '../../bpf/btf.ts';
