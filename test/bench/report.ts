import { aimsOf, type Figures } from './aims.ts';
import { markdownTable } from './markdownTable.ts';
import type { Summary } from './summarize.ts';
import type { Variant } from './variants.ts';

/** Everything measured as Markdown. `facts` are lines about the machine and the run. */
export function report(figures: Figures, all: readonly Variant[], facts: readonly string[]): string {
  const { bare, variants, memory } = figures;
  const lean = variants.get('lean');
  const textbook = variants.get('textbook');
  const row = (title: string, summary: Summary): string[] => [
    title,
    String(Math.round(summary.perCall)),
    String(Math.round(summary.added)),
    times(summary, lean),
    times(summary, textbook),
    String(Math.round(summary.addedInCall)),
    String(Math.round(summary.reader)),
    summary.lost === undefined ? '–' : `${((100 * summary.lost) / summary.calls).toFixed(1)} %`,
  ];
  const measured = all.flatMap(({ name, title }) => {
    const summary = variants.get(name);
    return summary ? [row(title, summary)] : [];
  });
  const head = [
    'traced by',
    'ns a call',
    'added',
    '× leanest',
    '× textbook',
    'in the call',
    'reader',
    'lost',
  ];
  const parts = [
    facts.map((fact) => `- ${fact}`).join('\n'),
    markdownTable(
      ['aim', 'measured', ''],
      aimsOf(figures).map(({ aim, measured: value, met }) => [aim, value, met ? 'met' : '**missed**']),
    ),
    markdownTable(head, [['nothing', String(Math.round(bare.perCall)), '', '', '', '', '', ''], ...measured]),
  ];
  if (memory) {
    const { single, pair } = memory;
    const rows = [
      ['four arguments at the call', single] as const,
      ['two arguments, return value, duration', pair] as const,
    ].map(([title, { perProbe, resident }]) => [
      title,
      `${Math.round(perProbe.used / 1024)} KiB`,
      `${Math.round(perProbe.accounted / 1024)} KiB`,
      `${Math.round(resident / 1e6)} MB`,
    ]);
    const columns = ['a probe of', 'kernel memory', 'of it accounted', `process with ${single.probes}`];
    parts.push(markdownTable(columns, rows));
  }
  return `${parts.join('\n\n')}\n`;
}

function times(summary: Summary, other: Summary | undefined): string {
  return other === undefined || other === summary ? '' : (summary.added / other.added).toFixed(2);
}
