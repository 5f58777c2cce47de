import { Csv } from './csv.ts';
import { EventTable } from './eventTable.ts';
import { JsonLines } from './jsonLines.ts';
import type { EventFormat } from './shownEvent.ts';
import type { TextOutput } from './textOutput.ts';
import { YamlDocuments } from './yamlDocuments.ts';

export const outputFormats = ['table', 'json', 'csv', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];
/** Of a run: none shows its account alone. */
export type RunOutput = OutputFormat | 'none';

export interface FormatOptions {
  output: TextOutput;
  node: string;
  /** Events of several points will come. */
  several: boolean;
}

export function outputFormat(name: OutputFormat, { output, node, several }: FormatOptions): EventFormat {
  switch (name) {
    case 'json':
      return new JsonLines(node);
    case 'yaml':
      return new YamlDocuments(node);
    case 'csv':
      return new Csv({ node, forTerminal: output.isTerminal });
    case 'table':
      return new EventTable({ terminalColumns: () => output.columns, colours: output.colours, several });
  }
}
