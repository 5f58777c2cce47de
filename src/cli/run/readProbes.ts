import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { parseFiles, type InlineProbe, type Manifest } from '../../api/index.ts';
import { CliError, usageError, type Problem } from '../cliError.ts';
import { inlineManifest } from '../inlineManifest.ts';
import { problemsOf } from '../problemsOf.ts';

export interface ProbeSources {
  /** YAML or JSON files, `-` for standard input. */
  files: readonly string[];
  /** A probe made of options. */
  inline?: InlineProbe | undefined;
}

/**
 * The TraceProbes that a command line asks for.
 * @throws CliError with what is wrong in any of them
 */
export async function readProbes({ files, inline }: ProbeSources): Promise<Manifest[]> {
  const problems: Problem[] = (await Promise.all(files.map(unreadable))).flat();
  const collect = async (read: () => Manifest[] | Promise<Manifest[]>): Promise<Manifest[]> => {
    try {
      return await read();
    } catch (error) {
      problems.push(...problemsOf(error));
      return [];
    }
  };
  const manifests = problems.length > 0 ? [] : await collect(() => parseFiles(files));
  if (inline !== undefined) manifests.push(...(await collect(() => [inlineManifest(inline)])));
  const names = manifests.map(({ probe }) => probe.metadata.name);
  const again = inline === undefined ? undefined : names.at(-1);
  if (again !== undefined && names.indexOf(again) < names.length - 1) {
    problems.push({
      message: `--name: a probe of a file is called ${again} as well`,
      hints: ['choose another --name'],
    });
  }
  if (problems.length > 0) throw new CliError(problems);
  if (manifests.length === 0) {
    throw files.length > 0
      ? new CliError([{ message: `there is no TraceProbe in ${files.join(', ')}` }])
      : usageError('say which probe: a FILE, or --attach', 'traceprobe run --help shows how');
  }
  return manifests;
}

const causes: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  ENOTDIR: 'a part of its path is no directory',
};

async function unreadable(file: string): Promise<Problem[]> {
  if (file === '-') return [];
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isDirectory()) {
      return [
        { message: `${file}: is a directory`, hints: [`name its files: ${file.replace(/\/$/, '')}/*.yaml`] },
      ];
    }
    return [];
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return [{ message: `${file}: cannot be read: ${causes[code] ?? message}` }];
  }
}
