import { UnresolvedName } from '../scope.ts';
import type { FieldAllocator, FilterOperand, FilterScope } from '../scope.ts';

const number = { kernel: true, maxBytes: 0, cut: false } as const;

/** Values of an imagined system call, by how they are written. */
export const OPERANDS: Readonly<Record<string, Omit<FilterOperand, 'key'>>> = {
  retval: { ...number, type: 'Int64', available: 'exit' },
  duration: { ...number, type: 'Duration', available: 'exit' },
  'args.fd': { ...number, type: 'Int64', available: 'entry' },
  'args.flags': { ...number, type: 'Uint64', available: 'entry' },
  'args.list.0.size': { ...number, type: 'Uint64', kernel: false, available: 'exit' },
  state: { ...number, type: 'Int64', available: 'entry', enumerators: { TASK_RUNNING: 0n, TASK_DEAD: 128n } },
  ok: { ...number, type: 'Bool', available: 'entry' },
  ratio: { ...number, type: 'Float64', kernel: false, available: 'exit' },
  filename: { type: 'String', kernel: true, maxBytes: 255, cut: true, available: 'exit' },
  tag: { type: 'String', kernel: true, maxBytes: 4, cut: true, available: 'entry' },
  path: { type: 'Path', kernel: false, maxBytes: 4096, cut: true, available: 'exit' },
  address: { type: 'Ip', kernel: false, maxBytes: 64, cut: false, available: 'entry' },
  buffer: { type: 'Bytes', kernel: false, maxBytes: 64, cut: true, available: 'exit' },
};

export const testScope: FilterScope = {
  names: [
    'args',
    'retval',
    'duration',
    'state',
    'ok',
    'ratio',
    'filename',
    'tag',
    'path',
    'address',
    'buffer',
  ],
  architecture: 'x64',
  resolve(path) {
    const key = path.join('.');
    const operand = OPERANDS[key];
    if (operand) return { key, ...operand };
    const [root, member] = path;
    if (root === 'args' && member !== undefined) {
      throw new UnresolvedName(`openat has no argument ${member}`, 1, 'there are fd, flags, list');
    }
    throw new UnresolvedName(`there is no ${root}`, 0);
  },
};

/** Numbers fields and columns as they are asked for. */
export class TestFields implements FieldAllocator {
  readonly fields: FilterOperand[] = [];
  readonly columns: FilterOperand[] = [];

  predicateField(operand: FilterOperand): number {
    return this.fields.push(operand) - 1;
  }

  column(operand: FilterOperand): number {
    return this.columns.push(operand) - 1;
  }
}
