import { existsSync, readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { commandLine } from '../../src/cli/commandLine.ts';
import { TextOutput } from '../../src/cli/output/textOutput.ts';
import { pages } from './pages.ts';

const root = new URL('../../', import.meta.url);

/** Command lines of `traceprobe` and `kubectl traceprobe` in blocks and in the text of a page. */
function commandsOf(page: string): string[] {
  const joined = page.replaceAll(/\\\n\s*/g, '');
  const blocks = [...joined.matchAll(/^```(?:console|sh)\n([^]*?)^```/gm)].map(([, block = '']) => block);
  const indented = joined.match(/^ {4}(?=\S).*$/gm) ?? [];
  const codes = joined.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g);
  // `traceprobe check` alone is the name of a command.
  const prose = [...codes]
    .map(([, code = '']) => code)
    .filter((code) => !/^(kubectl )?traceprobe \S+$/.test(code));
  return [...blocks.flatMap((block) => block.split('\n')), ...indented, ...prose]
    .flatMap((line) => line.split(/ && | \| /))
    .map((line) =>
      line
        .trim()
        .replace(/^\$ /, '')
        .replace(/^sudo /, '')
        .replace(/^kubectl .* exec .*? -- /, ''),
    )
    .filter((line) => /^(kubectl )?traceprobe(?= [a-z-])/.test(line));
}

/** The words of a command line as a shell would make them, up to a comment or a redirection. */
function words(line: string): string[] {
  const found = line.matchAll(/(?<=^|\s)(#|[<>])|((?:'[^']*'|"[^"]*"|[^\s'"])+)/g);
  const result: string[] = [];
  for (const [, end, word] of found) {
    if (end !== undefined || word === undefined) break;
    result.push(
      word.replaceAll(
        /'([^']*)'|"([^"]*)"/g,
        (_, single?: string, double?: string) => single ?? double ?? '',
      ),
    );
  }
  return result;
}

/** What the command line refuses of a command; undefined: nothing. */
async function refusalOf(line: string): Promise<string | undefined> {
  const isPlugin = line.startsWith('kubectl ');
  let said = '';
  const sink = (): TextOutput =>
    new TextOutput(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          said += String(chunk);
          done();
        },
      }),
      {},
    );
  const parsed = new Error('parsed');
  const command = commandLine({
    ...{ stdout: sink(), stderr: sink(), environment: {}, isPlugin, log: () => undefined, exitCode: 0 },
  }).hook('preAction', () => {
    throw parsed;
  });
  try {
    await command.parseAsync(words(line).slice(isPlugin ? 2 : 1), { from: 'user' });
  } catch (error) {
    if (error === parsed) return undefined;
  }
  return said || 'nothing was to be done';
}

test.each(pages)('the command line takes what $path writes', async ({ text }) => {
  for (const line of commandsOf(text)) {
    expect([line, await refusalOf(line)]).toEqual([line, undefined]);
    for (const file of words(line).filter((word) => word.startsWith('examples/'))) {
      expect([file, existsSync(new URL(file, root))]).toEqual([file, true]);
    }
  }
});

test('an option that is not there would be found', async () => {
  expect(await refusalOf('kubectl traceprobe top forks --by comm --bye 2')).toContain(
    "unknown option '--bye'",
  );
  expect(words(`traceprobe run -f 'a "b" c' x=1 # why`)).toEqual([
    'traceprobe',
    'run',
    '-f',
    'a "b" c',
    'x=1',
  ]);
  expect(commandsOf(readFileSync(new URL('docs/cookbook.md', root), 'utf8')).length).toBeGreaterThan(30);
});
