import { Epochs, type OpenEpoch } from '../../agent/epochs.ts';
import type { CliContext } from '../cliContext.ts';

type Context = Pick<CliContext, 'environment' | 'log'>;

/**
 * Where runs of `traceprobe run` keep their accounts while they last. TRACEPROBE_BPFFS and TRACEPROBE_RUN name other
 * folders than /sys/fs/bpf/traceprobe and /run/traceprobe, which the agent uses as well.
 */
export function runEpochs({ environment }: Pick<Context, 'environment'>): Epochs {
  const pins = environment['TRACEPROBE_BPFFS'] ?? '/sys/fs/bpf/traceprobe';
  const journals = environment['TRACEPROBE_RUN'] ?? '/run/traceprobe';
  return new Epochs(`${pins}/runs`, `${journals}/runs`);
}

/** The same for a run that does not depend on it: where nothing can be kept, a kill -9 takes the account along. */
export function optionalEpochs(epochs: Pick<Epochs, 'open'>, { log }: Context): Pick<Epochs, 'open'> {
  return {
    open(epoch, counters): OpenEpoch {
      let open: OpenEpoch | undefined;
      const attempt = (action: () => void): void => {
        try {
          action();
        } catch (error) {
          log('info', 'a kill -9 would take the account along', { reason: (error as Error).message });
        }
      };
      attempt(() => {
        open = epochs.open(epoch, counters);
      });
      return {
        assign(slot) {
          attempt(() => open?.assign(slot));
        },
        release(slot) {
          attempt(() => open?.release(slot));
        },
        close() {
          attempt(() => open?.close());
        },
      };
    },
  };
}
