import type { CliContext } from '../cliContext.ts';
import { exitCodes } from '../cliError.ts';
import { catchInterruption } from '../run/interruption.ts';
import { callError } from './callError.ts';
import type { Events } from './events.ts';
import { openEvents } from './openEvents.ts';
import type { EventsOptions } from './readOptions.ts';

/**
 * Does something with an aggregator, until it is done or Ctrl-C.
 *
 * @throws CliError
 */
export async function withEvents(
  options: EventsOptions,
  context: CliContext,
  action: (events: Events, interrupted: AbortSignal) => Promise<void>,
): Promise<void> {
  using interruption = catchInterruption(context.environment);
  await using events = await openEvents(options, context);
  try {
    await action(events, interruption.signal);
  } catch (error) {
    throw callError(error, events.failure?.());
  }
  await context.stdout.flushed();
  if (context.stdout.failure !== undefined) throw context.stdout.failure;
  if (interruption.signal.aborted) context.exitCode = exitCodes.interrupted;
}
