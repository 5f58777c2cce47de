// Delays deletions of *.log below a directory until Fluentd has noted that they were read, or this is killed. Prints each
// event on a line, after "ready".
import { DelayedUnlinks } from '../../../src/agent/delayedUnlink/delayedUnlinks.ts';
import { KeepJournal } from '../../../src/agent/delayedUnlink/keepJournal.ts';
import { UnlinkHooks } from '../../../src/agent/delayedUnlink/unlinkHooks.ts';
import { planToKeep } from '../delayedUnlinkFixture.ts';

const [attach, root = '', positions = '', pinDirectory = '', journal = ''] = process.argv.slice(2);
const unlinks = new DelayedUnlinks({
  openHooks: () =>
    UnlinkHooks.open({
      attach: attach === 'lsm' ? 'lsm' : 'fmod_ret',
      pinDirectory,
      // Emulated, a test can be long between two heartbeats.
      graceMilliseconds: 600_000,
    }),
  openJournal: () => new KeepJournal(journal),
  pinned: true,
  tell: (_, { action, why, path }) => {
    process.stdout.write(`${JSON.stringify({ action, why, path })}\n`);
  },
  log: () => undefined,
});
unlinks.apply(planToKeep(root, { format: 'Fluentd', path: positions }));
process.stdout.write('ready\n');
