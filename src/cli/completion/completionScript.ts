import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can come after a command's name. */
interface Completed {
  name: string;
  summary: string;
  options: { flags: string[]; description: string; values: readonly string[]; takesValue: boolean }[];
  /** Fixed words that arguments can be. */
  words: readonly string[];
  /** It takes files. */
  files: boolean;
}

/** The script that completes every command of `root` in a shell. */
export function completionScript(shell: Shell, root: Command): string {
  const commands = root.commands.map(completed);
  switch (shell) {
    case 'bash':
      return bash(root.name(), commands);
    case 'zsh':
      // zsh runs bash's completions by its own emulation.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(root.name(), commands)}`;
    case 'fish':
      return fish(root.name(), commands);
  }
}

function completed(command: Command): Completed {
  const args = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    options: command.options.map(({ short, long, description, argChoices, required, optional }) => ({
      flags: [short, long].flatMap((flag) => flag ?? []),
      description,
      values: argChoices ?? [],
      takesValue: required || optional,
    })),
    words: args.flatMap((argument) =>
      // The kinds of `list` are no choices: any other word is a pattern.
      argument.name() === 'KIND'
        ? (argument.description.split(';')[0] ?? '').split(', ')
        : (argument.argChoices ?? []),
    ),
    files: args.some((argument) => argument.name() === 'FILE'),
  };
}

function bash(program: string, commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options, words, files }) => {
    const flags = options.flatMap((option) => option.flags);
    const values = options
      .filter((option) => option.values.length > 0)
      .map(
        (option) =>
          `      ${option.flags.join('|')}) COMPREPLY=($(compgen -W '${option.values.join(' ')}' -- "$word")); return ;;`,
      );
    const valued = options
      .filter((option) => option.takesValue && option.values.length === 0)
      .flatMap((option) => option.flags);
    return `    ${name})
      case "$before" in
${values.map((line) => `  ${line}\n`).join('')}${valued.length > 0 ? `        ${valued.join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;\n` : ''}      esac
      COMPREPLY=($(compgen -W '${[...flags, '--help', ...words].join(' ')}' -- "$word")${files ? ' $(compgen -f -- "$word")' : ''}) ;;`;
  });
  return `# bash completion of ${program}
_${program}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${[...commands.map(({ name }) => name), 'help', '--help', '--version'].join(' ')}' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _${program} ${program}
`;
}

function fish(program: string, commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options, words, files }) => {
    const of = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...(files ? [] : [`${of} -f`]),
      ...(words.length > 0 ? [`${of} -a ${quoted(words.join(' '))}`] : []),
      ...options.map(({ flags, description, values, takesValue }) => {
        const names = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : '';
        return `${of} ${names.join(' ')} -d ${quoted(description)}${value}`;
      }),
    ];
  });
  return `# fish completion of ${program}\n${lines.join('\n')}\n`;
}
