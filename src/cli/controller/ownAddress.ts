import { hostname } from 'node:os';
import { joinHostPort, splitHostPort } from '../../service/hostPort.ts';

/** Where agents reach this replica, with port 0 for the one that it will have. */
export function ownAddress(listen: string, environment: NodeJS.ProcessEnv): string {
  const { host } = splitHostPort(listen);
  const isAny = host === '::' || host === '0.0.0.0';
  return joinHostPort(environment['POD_IP'] ?? (isAny ? hostname() : host), 0);
}
