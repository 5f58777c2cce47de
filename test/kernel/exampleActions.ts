import { spawn, spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';

/** Runs a program to its end, whatever its status. */
export function execute(program: string, args: readonly string[] = [], options: SpawnSyncOptions = {}): void {
  const { error } = spawnSync(program, args, { stdio: 'ignore', ...options });
  if (error !== undefined) throw error;
}

/** A process that waits to be ended, while `action` has its pid; ended at the latest after it. Returns that pid. */
export async function withSleeper(action: (pid: number) => unknown): Promise<number> {
  const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = once(sleeper, 'exit');
  try {
    await once(sleeper, 'spawn');
    const { pid = 0 } = sleeper;
    await action(pid);
    return pid;
  } finally {
    sleeper.kill('SIGKILL');
    await ended;
  }
}

/** Connects over TCP, and resolves once it is connected or could not be. */
export async function attemptConnection(host: string, port: number): Promise<void> {
  const socket = connect(port, host);
  await new Promise<void>((resolve) =>
    socket.once('connect', resolve).once('error', () => {
      resolve();
    }),
  );
  socket.destroy();
}

/** Connects to a server of this machine; returns its port. */
export async function connectToServer(): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await attemptConnection('127.0.0.1', port);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port of this machine where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const deafServer = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** Connects to a server that takes no connection, until the kernel has sent a SYN again. Returns the server's port. */
export async function connectInVain(): Promise<number> {
  const server = spawn(process.execPath, ['-e', deafServer], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const sockets: Socket[] = [];
  try {
    const [text] = (await once(server.stdout, 'data')) as [Buffer];
    const port = Number(text.toString());
    // Two fit into its queue; the SYN of a third is not answered, and comes again after a second.
    for (let count = 0; count < 4; count++) {
      sockets.push(connect(port, '127.0.0.1').on('error', () => undefined));
    }
    while (!isSentAgain(port)) await new Promise((resolve) => setTimeout(resolve, 50));
    return port;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.kill('SIGKILL');
    await ended;
  }
}

/** Whether a connection to this port of this machine waits for an answer to a SYN that was sent again. */
function isSentAgain(port: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const synSent = '02';
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([, , remote, state, , , retransmits = '0']) =>
        remote?.endsWith(`:${hexPort}`) === true && state === synSent && parseInt(retransmits, 16) > 0,
    );
}

/** Where memory can be limited here: a new cgroup's folder and the files with its limits; undefined: nowhere. */
export function memoryCgroup(): { path: string; limits: string[] } | undefined {
  const name = `traceprobe-examples-${process.pid}`;
  if (existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')) {
    const limits = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
    return { path: join('/sys/fs/cgroup/memory', name), limits };
  }
  const controllers = '/sys/fs/cgroup/cgroup.controllers';
  if (!existsSync(controllers) || !/\bmemory\b/.test(readFileSync(controllers, 'utf8'))) return undefined;
  appendFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+memory');
  return { path: join('/sys/fs/cgroup', name), limits: ['memory.max', 'memory.swap.max'] };
}

/** A process takes more memory than its cgroup may have. */
export function exhaustMemory(cgroup: { path: string; limits: string[] }): void {
  const { path, limits } = cgroup;
  mkdirSync(path);
  try {
    for (const limit of limits)
      if (existsSync(join(path, limit))) writeFileSync(join(path, limit), '16777216');
    execute('sh', ['-c', `echo $$ > ${path}/cgroup.procs && exec tail /dev/zero`]);
  } finally {
    rmdirSync(path);
  }
}

/** Attaches to a process and lets go of it again. */
export function seize(pid: number): void {
  const number = process.arch === 'arm64' ? 117 : 101;
  execute('perl', ['-e', `syscall(${number}, 0x4206, ${pid}, 0, 0) == 0 or die $!`]);
}
