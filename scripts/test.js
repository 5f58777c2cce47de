// `npm test`: checks, unit tests, kernel tests on this kernel and in VMs; --help tells what can be chosen.
import { runProgram } from './runProgram.js';

await runProgram('scripts/testing/main.ts', process.argv.slice(2));
