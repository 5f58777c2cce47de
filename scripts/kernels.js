// `node scripts/kernels.js [NAME…]`: fetches or builds the kernels of the test VMs (all of them by default) ahead of
// time, and prints where they are.
import { runProgram } from './runProgram.js';

await runProgram('test/vm/kernelsMain.ts', process.argv.slice(2));
