import { RoleProcess } from './roleProcess.ts';

/** `traceprobe controller` as a process of its own, without TLS on loopback. */
export class ControllerProcess extends RoleProcess {
  constructor(kubeconfig: string, args: readonly string[] = []) {
    super(
      ...['controller', '--kubeconfig', kubeconfig, '--insecure-loopback'],
      ...['--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0'],
      ...['--aggregator-address', 'aggregator.test:7444', '--lease-duration', '4s', ...args],
    );
  }

  /** host:port of AgentService. */
  get address(): string {
    const entry = this.said('serving agents');
    return entry === undefined ? '' : `127.0.0.1:${Number(entry['port'])}`;
  }

  get metricsPort(): number {
    return Number(this.said('serving agents')?.['metricsPort'] ?? 0);
  }

  get leads(): boolean {
    const leading = ['this replica leads', 'this replica leads no more'];
    return this.entries.findLast(({ message }) => leading.includes(message))?.message === leading[0];
  }
}
