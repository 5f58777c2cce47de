import { Option } from 'commander';

/** An option of a server, which its pod may also be given by an environment variable. */
export function environmentOption(flags: string, variable: string, description: string): Option {
  return new Option(flags, description).env(variable);
}
