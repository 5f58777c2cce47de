// `npm start [-- FILE… OPTION…]`: `traceprobe run` with these arguments; without a file, examples/processes.yaml.
import { runProgram } from './runProgram.js';

const args = process.argv.slice(2);
const isOption = args[0]?.startsWith('-') ?? true;
// Values of options come without a file's ending: --for 10s.
const chosen = !isOption || args.some((arg) => /\.(ya?ml|json)$|^-$|^--attach\b|^(-h|--help)$/.test(arg));
await runProgram('dist/cli/main.js', ['run', ...args, ...(chosen ? [] : ['examples/processes.yaml'])]);
