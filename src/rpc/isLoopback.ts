/** Is host:port on this machine, whatever a name server says? */
export function isLoopback(address: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\]):\d+$/.test(address);
}
