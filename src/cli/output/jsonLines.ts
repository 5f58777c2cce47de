import { quoteText } from './escapeText.ts';
import { EventDocuments, type EventEntry } from './eventDocuments.ts';

/** One JSON object a line. */
export class JsonLines extends EventDocuments {
  protected document(entries: readonly EventEntry[]): string {
    return `{${entries.map(([name, json]) => `${quoteText(name)}:${json}`).join(',')}}\n`;
  }
}
