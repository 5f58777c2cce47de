import { readFileSync, readdirSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** The project's pages, by their path from its root. */
export const pages: readonly { path: string; text: string }[] = [
  ...['README.md', 'CONTRIBUTING.md', 'kind/README.md'],
  ...readdirSync(new URL('docs', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }));
