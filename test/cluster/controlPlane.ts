import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { ensurePackages } from '../../scripts/setup/packages.js';
import { kubernetesBinaries } from './binaries/kubernetesBinaries.ts';
import { apiRequest, type ApiRequest, type ApiResponse } from './controlPlane/apiRequest.ts';
import { createApiServer } from './controlPlane/apiServer.ts';
import { createCertificateAuthority } from './controlPlane/certificateAuthority.ts';
import { clusterObjects, type ClusterObjects } from './controlPlane/clusterObjects.ts';
import { createClusterUser, type ClusterUser } from './controlPlane/clusterUser.ts';
import { freePort } from './controlPlane/freePort.ts';
import { runKubectl, type KubectlOptions, type KubectlResult } from './controlPlane/runKubectl.ts';
import { startEtcd } from './controlPlane/startEtcd.ts';

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

const allowedSeconds = 20;

const openssl = { openssl: 'makes the certificates of the API server that tests run' };

/** Starts a control plane on free loopback ports, with all its files in a directory of its own: about 3 s. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const say = (line: string): void => {
    console.error(line);
  };
  const binaries = await kubernetesBinaries(say);
  await ensurePackages(openssl, say);
  const directory = await mkdtemp(join(tmpdir(), 'traceprobe-cluster-'));
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(directory, { recursive: true, force: true }));

  const etcd = await startEtcd(binaries.etcd, directory);
  started.defer(() => etcd.process.stop('SIGKILL'));
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const authority = await createCertificateAuthority(directory);
  const admin = await createClusterUser(authority, directory, url, {
    name: 'admin',
    groups: ['system:masters'],
  });
  const apiServer = await createApiServer({
    ...{ program: binaries.kubeApiserver, directory, port, etcdUrl: etcd.url, authority },
    emulatedVersion: options.emulatedVersion,
    furtherFlags: options.apiServerFlags ?? [],
  });
  await etcd.untilReady();
  started.defer(() => apiServer.stop('SIGKILL'));
  await apiServer.start();

  function kubectl(args: readonly string[], kubectlOptions?: KubectlOptions): Promise<KubectlResult> {
    const defaults = { kubeconfigFile: admin.kubeconfigFile, home: directory };
    return runKubectl(binaries.kubectl, args, { ...defaults, ...kubectlOptions });
  }

  async function untilAllowed({ kubeconfigFile }: ClusterUser, ...action: readonly string[]): Promise<void> {
    const deadline = Date.now() + allowedSeconds * 1000;
    while ((await kubectl(['auth', 'can-i', ...action], { kubeconfigFile })).code !== 0) {
      if (Date.now() > deadline) {
        throw new Error(`not allowed to ${action.join(' ')} within ${allowedSeconds} s`);
      }
    }
  }

  const whole = started.move();
  const close = (): Promise<void> => whole.disposeAsync();
  return {
    ...clusterObjects(admin.kubeConfig, apiServer.signingKeyFile),
    url,
    caFile: authority.certificateFile,
    ca: authority.certificate,
    kubeconfigFile: admin.kubeconfigFile,
    kubeConfig: admin.kubeConfig,
    kubectl,
    request: (wanted, kubeConfig = admin.kubeConfig) => apiRequest(kubeConfig, wanted),
    clientCertificateFor: (name, groups = []) =>
      createClusterUser(authority, directory, url, { name, groups }),
    untilAllowed,
    stopApiServer: (signal = 'SIGKILL') => apiServer.stop(signal),
    startApiServer: () => apiServer.start(),
    async restart(signal = 'SIGKILL') {
      await apiServer.stop(signal);
      await apiServer.start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
