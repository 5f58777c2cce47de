// `npm start [-- FILE…]`: runs TraceProbe files (examples/processes.yaml by default) on this machine.
import { runProgram } from './runProgram.js';

const files = process.argv.slice(2);
await runProgram('dist/cli/main.js', ['run', ...(files.length > 0 ? files : ['examples/processes.yaml'])]);
