/**
 * Draws docs/tour.svg from docs/tour.txt; scripts/tour.test.ts fails when they drift.
 *
 *     node scripts/tour.ts             draws
 *     node scripts/tour.ts --record    runs the commands below on this machine, as root, and draws what they said
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { terminalPicture } from './terminalPicture.ts';

const root = new URL('../', import.meta.url);
const recording = new URL('docs/tour.txt', root);
const picture = new URL('docs/tour.svg', root);

interface Step {
  command: string;
  /** Done again and again meanwhile, for there to be something to see. */
  meanwhile?: string;
}

const openMissing = 'cat /etc/hostname/no-directory; sleep 0.05';

const steps: Step[] = [
  {
    command: String.raw`traceprobe run --attach syscall/openat --capture filename retval duration \
    --filter 'retval < 0 && filename.startsWith("/etc/")' --count 3`,
    meanwhile: openMissing,
  },
  { command: 'grep -A9 ^spec examples/failed-opens.yaml' },
  { command: 'traceprobe check examples/failed-opens.yaml | grep -v note:' },
  {
    command: 'traceprobe run examples/failed-opens.yaml --store --for 2s -o none',
    meanwhile: openMissing,
  },
  { command: `traceprobe sql --local 'SELECT comm, filename, count(*) FROM "failed-opens" GROUP BY ALL'` },
];

export const tourTitle = 'traceprobe';

async function record(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'traceprobe-tour-'));
  const env = { ...process.env, XDG_STATE_HOME: home, COLUMNS: '104' };
  const program = `traceprobe() { '${process.execPath}' dist/cli/main.js "$@"; }`;
  try {
    let said = '';
    for (const { command, meanwhile } of steps) {
      const load = meanwhile && spawn('sh', ['-c', `while :; do ${meanwhile}; done`], { stdio: 'ignore' });
      const shell = spawn('bash', ['-c', `${program}; exec 2>&1; ${command}`], {
        cwd: fileURLToPath(root),
        env,
      });
      said += `$ ${command}\n${await text(shell.stdout)}\n`;
      if (load) {
        const ended = once(load, 'exit');
        load.kill();
        await ended;
      }
    }
    return said;
  } finally {
    rmSync(home, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--record')) writeFileSync(recording, await record());
  writeFileSync(picture, terminalPicture(readFileSync(recording, 'utf8'), tourTitle));
}
