import winston from 'winston';
import type { LogLevel } from './createLog.ts';

/** Writes a line to the log of a server, with values beside the message; none of them is called message or level. */
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
    logger.log({ ...values, level: at, message });
  };
}
