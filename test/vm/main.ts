// `node scripts/vm.js KERNEL [KERNEL-ARGUMENT…] -- COMMAND`: runs a command in a VM, for people.
import { cacheDirectory } from './cacheDirectory.ts';
import { kernelNames, provideKernel } from './kernels.ts';
import { quote, runInVm } from './runInVm.ts';

const args = process.argv.slice(2);
const split = args.indexOf('--');
const [name, ...kernelArgs] = args.slice(0, split);
const words = args.slice(split + 1);
if (split < 0 || name === undefined || words.length === 0) {
  console.error(`Usage: node scripts/vm.js KERNEL [KERNEL-ARGUMENT…] -- COMMAND
Runs a command as root in a VM over a copy-on-write view of this machine, in the repository.
KERNEL is one of ${kernelNames.join(', ')}; a KERNEL-ARGUMENT is, for example, preempt=full.
One word of COMMAND is a bash script, several are a program and its arguments.`);
  process.exit(2);
}

const say = (line: string): void => {
  console.error(line);
};
const kernel = await provideKernel(name, cacheDirectory(), say);
const result = await runInVm({
  kernel,
  kernelArgs,
  command: words.length === 1 ? (words[0] ?? '') : words.map(quote).join(' '),
  timeoutSeconds: Number(process.env['VM_TIMEOUT'] ?? 600),
  onLine: (line) => {
    console.log(line);
  },
});
if (result.failure !== undefined) {
  say(result.console.trimEnd().split('\n').slice(-60).join('\n'));
  say(`${name}: ${result.failure}`);
}
process.exitCode = result.exitCode ?? 1;
