// Holds *.log below a directory, with pins, until it is killed; the last beat comes from the one who started it.
import { logsBelow, openHooks } from '../delayedUnlinkFixture.ts';

const [attach, root = '', pinDirectory = ''] = process.argv.slice(2);
openHooks(attach === 'lsm' ? 'lsm' : 'fmod_ret', [logsBelow(root)], { pinDirectory });
process.stdout.write('ready');
setInterval(() => undefined, 1 << 30);
