import type { Row } from '../../codec/rowsOf.ts';
import { eventEntries } from './jsonLines.ts';
import type { EventFormat, ShownPoint } from './shownEvent.ts';

/** One YAML document an event. Scalars are written as JSON, which YAML 1.2 reads: nothing depends on how it guesses types. */
export class YamlDocuments implements EventFormat {
  readonly #node: string;

  constructor(node: string) {
    this.#node = node;
  }

  rows(point: ShownPoint, rows: readonly Row[]): string {
    let text = '';
    for (const row of rows) {
      const entries = eventEntries(point, row, this.#node);
      text += `---\n${entries.map(([name, json]) => `${key(name)}: ${json}\n`).join('')}`;
    }
    return text;
  }
}

/** Captured fields may be called `y` or `no`, which readers of YAML 1.1 take for booleans. */
function key(name: string): string {
  return /^(y|n|yes|no|on|off|true|false|null)$/i.test(name) ? JSON.stringify(name) : name;
}
