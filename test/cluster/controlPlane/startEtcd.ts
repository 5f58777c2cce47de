import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './freePort.ts';
import { startServer, type ServerProcess } from './serverProcess.ts';

/** An etcd of one member on free loopback ports, with its data below `directory`; what it stores no power cut survives. */
export async function startEtcd(
  program: string,
  directory: string,
): Promise<{ url: string; process: ServerProcess; untilReady(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const args = [
    ...['--name', 'test', '--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `test=${peerUrl}`],
  ];
  const process = await startServer(program, args, join(directory, 'etcd.log'));
  return { url, process, untilReady: () => process.untilReady(() => listens(port)) };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
