import type { Logger } from 'winston';

/** From what is always told to what only developers want to know. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes a line to the log, with values beside the message. */
export type Log = (level: LogLevel, message: string, values?: Record<string, unknown>) => void;

/**
 * A log to standard error. winston is loaded with the first line that is to be written: most runs write none.
 * @param threshold the level asked for; options are read after the log was made
 */
export function createLog(threshold: () => LogLevel): Log {
  let logger: Promise<Logger> | undefined;
  return (level, message, values = {}) => {
    if (logLevels.indexOf(level) > logLevels.indexOf(threshold())) return;
    logger ??= createLogger(threshold());
    void logger.then((ready) => ready.log(level, message, values));
  };
}

async function createLogger(level: LogLevel): Promise<Logger> {
  // By its default export, the only one that CommonJS has in a bundle as well.
  const { createLogger: create, format, transports } = (await import('winston')).default;
  return create({
    level,
    format: format.combine(
      format.timestamp(),
      format.printf(({ timestamp, level: at, message, ...rest }) => {
        const values = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
        return [String(timestamp), at, String(message), ...values].join(' ');
      }),
    ),
    transports: [new transports.Console({ stderrLevels: [...logLevels] })],
  });
}
