import { captureNames } from '../../api/captureNames.ts';
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
  const paths = rows
    .filter(({ column, unreadable }) => column !== undefined && unreadable === undefined)
    // A bare address tells a reader nothing.
    .filter(({ cType, column }) => !(cType.endsWith('*') && column === 'Uint64'))
    .map(({ path }) => path)
    // Environments hold passwords: nobody should record them by pasting an example.
    .filter((path) => path !== 'args.envp')
    .slice(0, mostCaptures);
  const names = captureNames(paths);
  const captured = paths.map((path, index) => {
    const captureName = names[index] ?? path;
    const own = path === captureName || path === `args.${captureName}`;
    return own
      ? { yaml: `name: ${captureName}`, option: captureName }
      : { yaml: `{ name: ${captureName}, value: ${path} }`, option: path };
  });
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
      : ['      capture:', ...captured.map(({ yaml: item }) => `        - ${item}`)]),
  ];
  const command = [
    'traceprobe run',
    `--attach ${attach}`,
    ...(binary === undefined ? [] : [`--binary ${binary}`]),
    ...(captured.length === 0 ? [] : [`--capture ${captured.map(({ option }) => option).join(' ')}`]),
  ];
  return { yaml: yaml.join('\n'), command: command.join(' ') };
}
