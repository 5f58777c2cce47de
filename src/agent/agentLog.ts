/** Writes a line to the agent's log, with values beside the message. */
export type AgentLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  values?: Record<string, unknown>,
) => void;
