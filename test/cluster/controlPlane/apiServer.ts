import { get } from 'node:https';
import { join } from 'node:path';
import { execute } from '../../vm/execute.ts';
import type { CertificateAuthority } from './certificateAuthority.ts';
import { startServer, type ServerProcess } from './serverProcess.ts';

/** A kube-apiserver that can be stopped and started again, on the same port and data. */
export interface ApiServer {
  /** PEM, RSA: what service account tokens are signed with. */
  signingKeyFile: string;
  /** Resolves once it is ready (/readyz): it answers, its bootstrap roles and system namespaces are there. */
  start(): Promise<void>;
  /** Does nothing where it is not running. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface ApiServerSettings {
  program: string;
  /** For certificates, keys and the log. */
  directory: string;
  port: number;
  etcdUrl: string;
  authority: CertificateAuthority;
  /** Such as "1.31". */
  emulatedVersion?: string | undefined;
  furtherFlags: readonly string[];
}

/** The name a token says it was issued by, and the audience of tokens that are for the API server itself. */
const serviceAccountIssuer = 'https://kubernetes.default.svc';

const answerMs = 5000;

/** Prepares an API server; `start` runs it. */
export async function createApiServer(settings: ApiServerSettings): Promise<ApiServer> {
  const { authority, directory, port, emulatedVersion } = settings;
  const signingKeyFile = join(directory, 'serviceaccount.key');
  await execute('openssl', ['genrsa', '-out', signingKeyFile, '2048']);
  const serving = await authority.issue('apiserver', {
    commonName: 'kube-apiserver',
    usage: 'serverAuth',
    // 10.0.2.2 is what a test VM calls this machine.
    subjectAltNames: ['DNS:localhost', 'DNS:kubernetes.default.svc', 'IP:127.0.0.1', 'IP:10.0.2.2'],
  });
  const flags = {
    'etcd-servers': settings.etcdUrl,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'cert-dir': join(directory, 'apiserver-certificates'),
    'tls-cert-file': serving.certificateFile,
    'tls-private-key-file': serving.keyFile,
    'client-ca-file': authority.certificateFile,
    'authorization-mode': 'RBAC',
    'service-account-issuer': serviceAccountIssuer,
    'service-account-key-file': signingKeyFile,
    'service-account-signing-key-file': signingKeyFile,
    'service-cluster-ip-range': '10.96.0.0/16',
    'endpoint-reconciler-type': 'none', // it would publish a loopback address
    'allow-privileged': 'true',
    ...(emulatedVersion !== undefined && { 'emulated-version': emulatedVersion }),
  };
  const args = [
    ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    ...settings.furtherFlags,
  ];

  let running: ServerProcess | undefined;
  return {
    signingKeyFile,
    async start() {
      if (running !== undefined) throw new Error('the API server is running already');
      running = await startServer(settings.program, args, join(directory, 'apiserver.log'));
      await running.untilReady(() => isReady(port, authority.certificate));
    },
    async stop(signal) {
      await running?.stop(signal);
      running = undefined;
    },
  };
}

/** Health is open to everybody (ClusterRole system:public-info-viewer). */
function isReady(port: number, ca: string): Promise<boolean> {
  const signal = AbortSignal.timeout(answerMs);
  return new Promise((resolve) => {
    const request = get(`https://127.0.0.1:${port}/readyz`, { ca, agent: false, signal }, (response) => {
      response.on('error', () => {
        resolve(false);
      });
      response.resume().on('end', () => {
        resolve(response.statusCode === 200);
      });
    });
    request.on('error', () => {
      resolve(false);
    });
  });
}
