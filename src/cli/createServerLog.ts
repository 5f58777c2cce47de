import winston from 'winston';
import type { LogLevel } from './createLog.ts';

/** Writes a line to the log of a server, with values beside the message. */
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
    logger.log(at, message, values);
  };
}
