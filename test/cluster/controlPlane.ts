import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { ensurePackages } from '../../scripts/setup/packages.js';
import { execute } from '../vm/execute.ts';
import { kubernetesBinaries } from './binaries/kubernetesBinaries.ts';
import { apiRequest, type ApiRequest, type ApiResponse } from './controlPlane/apiRequest.ts';
import { createCertificateAuthority } from './controlPlane/certificateAuthority.ts';
import { clusterObjects, type ClusterObjects } from './controlPlane/clusterObjects.ts';
import { createClusterUser, type ClusterUser } from './controlPlane/clusterUser.ts';
import { freePort } from './controlPlane/freePort.ts';
import { runKubectl, type KubectlOptions, type KubectlResult } from './controlPlane/runKubectl.ts';
import { startServer, type ServerProcess } from './controlPlane/serverProcess.ts';

export interface ControlPlaneOptions {
  /** Behave as this older version of Kubernetes does, such as "1.31". */
  emulatedVersion?: string;
  /** Further flags of kube-apiserver. */
  apiServerFlags?: readonly string[];
}

/**
 * A real etcd and kube-apiserver with RBAC, of this process alone. No controller and no kubelet: what those would make
 * is made by the functions of ClusterObjects.
 */
export interface ControlPlane extends ClusterObjects, AsyncDisposable {
  /** https://127.0.0.1:PORT, the same over restarts. From a VM the host is 10.0.2.2, which the certificate names too. */
  url: string;
  /** Of the API server's certificate. */
  caFile: string;
  /** PEM. */
  ca: string;
  /** The administrator's (group system:masters). */
  kubeconfigFile: string;
  kubeConfig: KubeConfig;
  /** kubectl as the administrator, or as who `kubeconfigFile` says; its status is in `code`. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** A request as it is sent, by the administrator or by whom `kubeConfig` says. */
  request(wanted: ApiRequest, kubeConfig?: KubeConfig): Promise<ApiResponse>;
  /** A user who has a certificate and no token. */
  clientCertificateFor(user: string, groups?: readonly string[]): Promise<ClusterUser>;
  /**
   * Resolves once a user may do what `kubectl auth can-i` is asked: the API server learns of new roles and bindings
   * some milliseconds after they are stored. Example: untilAllowed(jane, 'use', 'traceprobes', '--subresource=object').
   */
  untilAllowed(user: ClusterUser, ...action: readonly string[]): Promise<void>;
  /** By default at once (SIGKILL), so that connections break; SIGTERM ends it in good order. */
  stopApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same port and data. */
  startApiServer(): Promise<void>;
  /** Both. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends it and removes its directory. */
  close(): Promise<void>;
}

/** The name a token says it was issued by, and the audience of tokens that are for the API server itself. */
export const serviceAccountIssuer = 'https://kubernetes.default.svc';

const allowedSeconds = 20;

const openssl = { openssl: 'makes the certificates of the API server that tests run' };

/** Starts a control plane on free loopback ports, with all its files in a directory of its own: about 4 s. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const say = (line: string): void => {
    console.error(line);
  };
  const binaries = await kubernetesBinaries(say);
  await ensurePackages(openssl, say);
  const directory = await mkdtemp(join(tmpdir(), 'traceprobe-cluster-'));
  const path = (name: string): string => join(directory, name);
  const servers: ServerProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    await rm(directory, { recursive: true, force: true });
  };

  try {
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const etcd = await startServer(
      binaries.etcd,
      [
        ...['--name', 'test', '--data-dir', path('etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
        ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `test=${peerUrl}`],
      ],
      path('etcd.log'),
    );
    servers.push(etcd);

    const url = `https://127.0.0.1:${port}`;
    const authority = await createCertificateAuthority(directory);
    const [serving, admin] = await Promise.all([
      authority.issue('apiserver', {
        commonName: 'kube-apiserver',
        usage: 'serverAuth',
        subjectAltNames: ['DNS:localhost', 'DNS:kubernetes.default.svc', 'IP:127.0.0.1', 'IP:10.0.2.2'],
      }),
      createClusterUser(authority, directory, url, { name: 'admin', groups: ['system:masters'] }),
      execute('openssl', ['genrsa', '-out', path('serviceaccount.key'), '2048']),
    ]);
    const flags = {
      'etcd-servers': etcdUrl,
      'bind-address': '127.0.0.1',
      'secure-port': String(port),
      'cert-dir': path('apiserver-certificates'),
      'tls-cert-file': serving.certificateFile,
      'tls-private-key-file': serving.keyFile,
      'client-ca-file': authority.certificateFile,
      'authorization-mode': 'RBAC',
      'service-account-issuer': serviceAccountIssuer,
      'service-account-key-file': path('serviceaccount.key'),
      'service-account-signing-key-file': path('serviceaccount.key'),
      'service-cluster-ip-range': '10.96.0.0/16',
      'endpoint-reconciler-type': 'none', // it would publish a loopback address
      'allow-privileged': 'true',
      ...(options.emulatedVersion !== undefined && { 'emulated-version': options.emulatedVersion }),
    };
    const apiServerArgs = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

    let apiServer: ServerProcess | undefined;
    const startApiServer = async (): Promise<void> => {
      if (apiServer !== undefined) throw new Error('the API server is running');
      const args = [...apiServerArgs, ...(options.apiServerFlags ?? [])];
      apiServer = await startServer(binaries.kubeApiserver, args, path('apiserver.log'));
      servers.push(apiServer);
      await apiServer.untilReady(() => isReady(url, authority.certificate, admin));
    };
    const stopApiServer = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> => {
      await apiServer?.stop(signal);
      apiServer = undefined;
    };
    const kubectl = (args: readonly string[], kubectlOptions?: KubectlOptions): Promise<KubectlResult> => {
      const defaults = { kubeconfigFile: admin.kubeconfigFile, home: directory };
      return runKubectl(binaries.kubectl, args, { ...defaults, ...kubectlOptions });
    };
    await startApiServer();

    return {
      ...clusterObjects(admin.kubeConfig, path('serviceaccount.key')),
      url,
      caFile: authority.certificateFile,
      ca: authority.certificate,
      kubeconfigFile: admin.kubeconfigFile,
      kubeConfig: admin.kubeConfig,
      kubectl,
      request: (wanted, kubeConfig = admin.kubeConfig) => apiRequest(kubeConfig, wanted),
      clientCertificateFor: (name, groups = []) =>
        createClusterUser(authority, directory, url, { name, groups }),
      async untilAllowed({ kubeconfigFile }, ...action) {
        const deadline = Date.now() + allowedSeconds * 1000;
        while ((await kubectl(['auth', 'can-i', ...action], { kubeconfigFile })).code !== 0) {
          if (Date.now() > deadline) {
            throw new Error(`not allowed to ${action.join(' ')} within ${allowedSeconds} s`);
          }
        }
      },
      stopApiServer,
      startApiServer,
      async restart(signal) {
        await stopApiServer(signal);
        await startApiServer();
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether it answers, its bootstrap roles and system namespaces are there, and so on (/readyz). */
function isReady(url: string, ca: string, admin: ClusterUser): Promise<boolean> {
  const credentials = { cert: readFileSync(admin.certificateFile), key: readFileSync(admin.keyFile) };
  return new Promise((resolve) => {
    const request = get(`${url}/readyz`, { ca, ...credentials, agent: false }, (response) => {
      response.resume().on('close', () => {
        resolve(response.statusCode === 200);
      });
    });
    request.on('error', () => {
      resolve(false);
    });
  });
}
