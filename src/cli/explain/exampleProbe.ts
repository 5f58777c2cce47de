import type { FieldRow } from './fieldRows.ts';

export interface ExampleProbe {
  attach: string;
  /** Path of the program or library, for uprobes. */
  binary: string | undefined;
  rows: readonly FieldRow[];
}

/** An example captures no more than this: it is to be read. */
const mostCaptures = 4;

/** A TraceProbe for a hook that can be saved and run as it is, and the command line that does the same. */
export function exampleProbe({ attach, binary, rows }: ExampleProbe): { yaml: string; command: string } {
  const name =
    (attach.split('/').at(-1) ?? '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, 32) || 'example';
  const captured = rows
    .filter(({ column, unreadable }) => column !== undefined && unreadable === undefined)
    // A bare address tells a reader nothing.
    .filter(({ cType, column }) => !(cType.endsWith('*') && column === 'Uint64'))
    .map(({ path }) => path.replace(/^args\./, ''))
    .filter((path) => /^[a-z][a-z0-9_]*$/.test(path))
    .slice(0, mostCaptures);
  const yaml = [
    'apiVersion: traceprobe.io/v1alpha1',
    'kind: TraceProbe',
    `metadata: { name: ${name} }`,
    'spec:',
    '  points:',
    `    - name: ${name}`,
    `      attach: ${attach}`,
    ...(binary === undefined ? [] : [`      binary: { path: ${JSON.stringify(binary)}, root: Host }`]),
    ...(captured.length === 0
      ? []
      : ['      capture:', ...captured.map((field) => `        - name: ${field}`)]),
  ];
  const command = [
    'traceprobe run',
    `--attach ${attach}`,
    ...(binary === undefined ? [] : [`--binary ${binary}`]),
    ...(captured.length === 0 ? [] : [`--capture ${captured.join(' ')}`]),
  ];
  return { yaml: yaml.join('\n'), command: command.join(' ') };
}
