import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs', root)).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');

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

test.each(pages)('what %s links to is there', (path) => {
  const prose = text(path).replaceAll(/^```[^]*?^```|`[^`]*`/gm, '');
  for (const [, target = ''] of prose.matchAll(/\]\((?!https?:)([^)\s]*)\)/g)) {
    const [file = '', anchor] = target.split('#');
    const url = file === '' ? new URL(path, root) : new URL(file, new URL(path, root));
    expect([target, existsSync(url)]).toEqual([target, true]);
    if (anchor !== undefined && anchor !== '' && url.pathname.endsWith('.md')) {
      expect(anchors(readFileSync(url, 'utf8'))).toContain(anchor);
    }
  }
});

test.each(pages)('values of the chart that %s names are in values.yaml', (path) => {
  const values = parse(text('helm/traceprobe/values.yaml')) as Record<string, unknown>;
  const tops = Object.keys(values).join('|');
  for (const [, name = ''] of text(path).matchAll(
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
