// Runs a command in a test VM; --help tells how.
import { runProgram } from './runProgram.js';

await runProgram('test/vm/main.ts', process.argv.slice(2));
