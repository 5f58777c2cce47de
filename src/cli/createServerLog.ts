import winston from 'winston';
import type { LogLevel } from './createLog.ts';

/** Writes a line to the log of a server, with values beside the message; one that is called message as well becomes `detail`. */
export type ServerLog = (level: LogLevel, message: string, values?: Record<string, unknown>) => void;

/** A log of JSON lines to standard error, for whoever collects the logs of pods. */
export function createServerLog(level: LogLevel): ServerLog {
  const { createLogger, format, transports } = winston;
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
  return (at, message, values = {}) => {
    // As one object: of two, winston runs their messages together.
    logger.log(logEntry(at, message, values));
  };
}

/** A line as winston takes it: no value gets lost for being called like one of the line's own. */
export function logEntry(
  level: LogLevel,
  message: string,
  values: Record<string, unknown>,
): Record<string, unknown> & { level: LogLevel; message: string } {
  const { message: detail, level: ownLevel, ...rest } = values;
  return {
    ...rest,
    ...(detail === undefined ? {} : { detail }),
    ...(ownLevel === undefined ? {} : { valueLevel: ownLevel }),
    ...{ level, message },
  };
}
