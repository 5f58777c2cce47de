/** Writes a line to the controller's log, with values beside the message. */
export type ControllerLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  values?: Record<string, unknown>,
) => void;
