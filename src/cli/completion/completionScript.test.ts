import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { completionScript } from './completionScript.ts';

function root(): Command {
  const run = new Command('run').summary("run what's asked").argument('[FILE...]', 'files');
  run.addOption(new Option('-o, --output <FORMAT>', 'format').choices(['table', 'json']));
  run.option('--watch', 'watch');
  const completion = new Command('completion').addArgument(new Argument('<SHELL>').choices(['bash', 'zsh']));
  return new Command('traceprobe').addCommand(run).addCommand(completion);
}

/** What bash offers behind these words. */
function offered(...words: string[]): string[] {
  const quoted = ['traceprobe', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', root())}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _traceprobe; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8', cwd: '/' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

test('bash completes commands', () => {
  expect(offered('')).toEqual(['run', 'completion', 'help', '--help', '--version']);
  expect(offered('ru')).toEqual(['run']);
});

test('bash completes options, their values, and arguments that are one of a few', () => {
  expect(offered('run', '--')).toEqual(['--output', '--watch', '--help']);
  expect(offered('run', '-o', 'j')).toEqual(['json']);
  expect(offered('completion', '')).toContain('zsh');
});

test('bash completes files where a command takes them', () => {
  expect(offered('run', '/et')).toEqual(['/etc']);
});

test('zsh reads the same by its emulation', () => {
  expect(completionScript('zsh', root())).toContain('bashcompinit\n# bash completion of traceprobe');
});

test('fish gets descriptions, quoted', () => {
  const script = completionScript('fish', root());
  expect(script).toContain("-a run -d 'run what\\'s asked'");
  expect(script).toContain("-s o -l output -d 'format' -x -a 'table json'");
});
