// A process that stands for election until it is told to end: node leaseCandidate.ts KUBECONFIG NAMESPACE LEASE IDENTITY.
// It prints a JSON line when it begins and ends to lead, by the machine's monotonic clock (process.hrtime).
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from '../apiClient.ts';
import { LeaderElector } from '../leaderElector.ts';

const [kubeconfig = '', namespace = '', name = '', identity = ''] = process.argv.slice(2);
const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(kubeconfig);

function say(event: string): void {
  process.stdout.write(`${JSON.stringify({ event, identity, at: Number(process.hrtime.bigint()) / 1e6 })}\n`);
}

const elector = new LeaderElector({
  api: new ApiClient(kubeConfig),
  ...{ namespace, name, identity },
  address: `${identity}.example:7443`,
  leaseDurationMs: 3000,
  renewDeadlineMs: 2000,
  retryMs: 300,
  onStartedLeading(signal) {
    say('begin');
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        say('end');
        resolve();
      });
    });
  },
});
process.on('SIGTERM', () => {
  void elector.stop().then(() => process.exit(0));
});
process.on('SIGUSR2', () => {
  say(elector.isLeading ? 'leads' : 'follows');
});
say('ready');
