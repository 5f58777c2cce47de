import { existsSync } from 'node:fs';

/**
 * host:port taken apart; an IPv6 address stands in brackets. Without a host (":9443"): every address of this machine,
 * of both families where its kernel has IPv6.
 */
export function splitHostPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? anyAddress() : host, port: Number(address.slice(colon + 1)) };
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A socket of :: takes IPv4 too, but there is none where the kernel was booted without IPv6. */
function anyAddress(): string {
  return existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0';
}
