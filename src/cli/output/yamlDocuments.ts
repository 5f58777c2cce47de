import { EventDocuments, type EventEntry } from './eventDocuments.ts';

/** One YAML document an event. Scalars are written as JSON, which YAML 1.2 reads: nothing depends on how it guesses types. */
export class YamlDocuments extends EventDocuments {
  protected document(entries: readonly EventEntry[]): string {
    return `---\n${entries.map(([name, json]) => `${key(name)}: ${json}\n`).join('')}`;
  }
}

/** Captured fields may be called `y` or `no`, which readers of YAML 1.1 take for booleans. */
function key(name: string): string {
  return /^(y|n|yes|no|on|off|true|false|null)$/i.test(name) ? JSON.stringify(name) : name;
}
