import type { AgentNodeSelector } from '../../controller/nodeRecord.ts';
import { usageError } from '../cliError.ts';

/**
 * Labels as kubectl takes them, "a=b,c=d"; '': none.
 * @throws CliError
 */
export function agentNodeSelector(text: string): AgentNodeSelector {
  const labels = text === '' ? [] : text.split(',');
  return Object.fromEntries(
    labels.map((label) => {
      const [key = '', value, ...more] = label.split('=');
      if (/^[\w./-]+$/.test(key) && value !== undefined && more.length === 0) return [key, value];
      throw usageError(
        `--agent-node-selector: "${label}" is not LABEL=VALUE, such as kubernetes.io/os=linux`,
        'it is compared for equality, as the nodeSelector of a DaemonSet is',
      );
    }),
  );
}
