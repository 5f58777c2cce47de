import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { pages } from './pages.ts';

const root = new URL('../../', import.meta.url);
/** As GitHub names the headings of a page. */
function anchors(page: string): string[] {
  const headings = page.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('what $path links to is there', ({ path, text }) => {
  const prose = text.replaceAll(/^```[^]*?^```|`[^`]*`/gm, '');
  for (const [, target = ''] of prose.matchAll(/\]\((?!https?:)([^)\s]*)\)/g)) {
    const [file = '', anchor] = target.split('#');
    const url = file === '' ? new URL(path, root) : new URL(file, new URL(path, root));
    expect([target, existsSync(url)]).toEqual([target, true]);
    if (anchor !== undefined && anchor !== '' && url.pathname.endsWith('.md')) {
      expect(anchors(readFileSync(url, 'utf8'))).toContain(anchor);
    }
  }
});

test.each(pages)('values of the chart that $path names are in values.yaml', ({ text }) => {
  const values = parse(readFileSync(new URL('helm/traceprobe/values.yaml', root), 'utf8')) as Record<
    string,
    unknown
  >;
  const tops = Object.keys(values).join('|');
  for (const [, name = ''] of text.matchAll(
    new RegExp(`(?<=[\`\\s,])((?:${tops})(?:\\.[a-zA-Z]+)+)(?=[\`=:])`, 'g'),
  )) {
    let at: unknown = values;
    for (const part of name.split('.')) {
      const inner: unknown = (at as Record<string, unknown>)[part];
      // What an object of Kubernetes' own may have besides, such as resources.limits.cpu or a selector's key.
      if (inner === undefined && Object.keys(at as object).length === 0) break;
      expect([name, inner === undefined]).toEqual([name, false]);
      at = inner;
    }
  }
});
