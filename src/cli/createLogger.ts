import type { Logger } from 'winston';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A logger to standard error. winston is loaded now and not before: most runs say nothing. */
export async function createLogger(level: LogLevel): Promise<Logger> {
  const { createLogger: create, format, transports } = await import('winston');
  return create({
    level,
    format: format.combine(
      format.timestamp(),
      format.printf(({ timestamp, level: at, message, ...rest }) => {
        const values = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
        return [String(timestamp), at, String(message), ...values].join(' ');
      }),
    ),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's own types disagree
    transports: [new transports.Console({ stderrLevels: [...logLevels] })],
  });
}
