import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CoreV1Api, type KubeConfig, type V1Node, type V1Pod } from '@kubernetes/client-node';

export interface ServiceAccountName {
  namespace: string;
  name: string;
}

export interface PodSpec {
  namespace: string;
  name: string;
  node: string;
  /** Left out: the namespace's "default", which is created when it is not there. */
  serviceAccount?: string;
  labels?: Record<string, string>;
  /** Name of its containers and their ids; left out: one called "main" with a made-up id. */
  containers?: readonly { name: string; id?: string }[];
}

export interface TokenOptions {
  audience?: string;
  /** Name of a pod that runs as the service account; left out: the token is bound to nothing. */
  boundPod?: string;
  /** At least 600, as the API server wants it. Default: 600. */
  expirationSeconds?: number;
}

/** What the controllers and kubelets of a whole cluster would make, made by hand: here is only an API server. */
export interface ClusterObjects {
  /** Does nothing where it is there. */
  createNamespace(name: string, labels?: Record<string, string>): Promise<void>;
  /** Does nothing where it is there; so for its namespace. */
  createServiceAccount(account: ServiceAccountName): Promise<void>;
  /** A Ready node. */
  createNode(name: string, labels?: Record<string, string>): Promise<V1Node>;
  /** A Running pod, bound to a node; its namespace and ServiceAccount are created when they are not there. */
  createPod(pod: PodSpec): Promise<V1Pod>;
  /** Gone at once, without waiting for a kubelet. */
  deletePod(pod: { namespace: string; name: string }): Promise<void>;
  /** A real token by TokenRequest. Bound to a pod it carries the pod's and its node's name and UID. */
  tokenFor(account: ServiceAccountName, options?: TokenOptions): Promise<string>;
  /** Such a token, but one that expired an hour ago: signed here with the API server's key. */
  expiredTokenFor(account: ServiceAccountName, options?: TokenOptions): Promise<string>;
}

/** @param signingKeyFile the key that the API server signs tokens with: RSA, PEM. */
export function clusterObjects(kubeConfig: KubeConfig, signingKeyFile: string): ClusterObjects {
  const core = kubeConfig.makeApiClient(CoreV1Api);

  async function createNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await unlessThere(core.createNamespace({ body: { metadata: { name, labels } } }));
  }

  async function createServiceAccount({ namespace, name }: ServiceAccountName): Promise<void> {
    await createNamespace(namespace);
    await unlessThere(core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } }));
  }

  async function createNode(name: string, labels: Record<string, string> = {}): Promise<V1Node> {
    const all = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels };
    const node = await core.createNode({ body: { metadata: { name, labels: all } } });
    const now = new Date();
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'as a kubelet would say',
    };
    node.status = {
      conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    };
    return core.replaceNodeStatus({ name, body: node });
  }

  async function createPod(wanted: PodSpec): Promise<V1Pod> {
    const { namespace, name, node, serviceAccount = 'default', labels = {} } = wanted;
    await createServiceAccount({ namespace, name: serviceAccount });
    const containers = wanted.containers ?? [{ name: 'main' }];
    const pod = await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name, labels },
        spec: {
          nodeName: node,
          serviceAccountName: serviceAccount,
          containers: containers.map((container) => ({ name: container.name, image: 'example.test/image' })),
        },
      },
    });
    const startedAt = new Date();
    pod.status = Object.assign(pod.status ?? {}, {
      phase: 'Running',
      startTime: startedAt,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: containers.map((container, index) => ({
        name: container.name,
        ready: true,
        restartCount: 0,
        image: 'example.test/image',
        imageID: '',
        containerID: `containerd://${container.id ?? madeUpId(pod.metadata?.uid ?? '', index)}`,
        state: { running: { startedAt } },
      })),
    });
    return core.replaceNamespacedPodStatus({ namespace, name, body: pod });
  }

  async function deletePod({ namespace, name }: { namespace: string; name: string }): Promise<void> {
    await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
  }

  async function tokenFor(account: ServiceAccountName, options: TokenOptions = {}): Promise<string> {
    const { audience, boundPod, expirationSeconds = 600 } = options;
    const uid =
      boundPod === undefined
        ? undefined
        : (await core.readNamespacedPod({ namespace: account.namespace, name: boundPod })).metadata?.uid;
    const { status } = await core.createNamespacedServiceAccountToken({
      ...account,
      body: {
        spec: {
          audiences: audience === undefined ? [] : [audience],
          expirationSeconds,
          ...(boundPod !== undefined &&
            uid !== undefined && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: boundPod, uid } }),
        },
      },
    });
    if (status?.token === undefined) throw new Error('a TokenRequest was answered without a token');
    return status.token;
  }

  return {
    createNamespace,
    createServiceAccount,
    createNode,
    createPod,
    deletePod,
    tokenFor,
    async expiredTokenFor(account, options) {
      const [header = '', payload = ''] = (await tokenFor(account, options)).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const exp = Math.floor(Date.now() / 1000) - 3600;
      const times = { iat: exp - 600, nbf: exp - 600, exp };
      const changed = Buffer.from(JSON.stringify({ ...claims, ...times })).toString('base64url');
      const key = createPrivateKey(await readFile(signingKeyFile));
      const signature = sign('sha256', Buffer.from(`${header}.${changed}`), key).toString('base64url');
      return `${header}.${changed}.${signature}`;
    },
  };
}

/** 64 hexadecimal digits, as a container runtime's, one for each container of a pod. */
function madeUpId(podUid: string, index: number): string {
  return podUid.replaceAll('-', '').padEnd(56, '0') + index.toString(16).padStart(8, '0');
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    const { code } = error as { code?: unknown };
    if (code !== 409) throw error; // already exists
  });
}
