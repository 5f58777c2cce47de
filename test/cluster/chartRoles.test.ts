import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { installRbac } from './chart/installRbac.ts';
import { renderChart } from './chart/renderChart.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

const namespace = 'tracing';

/** verb resource[.group][/subresource][ name][ @namespace]; without a namespace: in the whole cluster. */
type Action = string;

interface Rights {
  may: Action[];
  mayNot: Action[];
}

const anyone: Action[] = [
  'create pods',
  'get secrets @tracing',
  'get secrets @kube-system',
  'list secrets @tracing',
  'create serviceaccounts/token traceprobe-reader @tracing',
  'create serviceaccounts/token traceprobe-controller @tracing',
  'create pods/exec @tracing',
  'create traceprobes.traceprobe.io',
  'patch traceprobes.traceprobe.io',
  'delete traceprobes.traceprobe.io',
  'use traceprobes.traceprobe.io/object',
  'use traceprobes.traceprobe.io/delayedunlink',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'impersonate users',
  'patch nodes',
  'get nodes/proxy',
  'patch pods/status',
  'create events @tracing',
  'patch customresourcedefinitions.apiextensions.k8s.io traceprobes.traceprobe.io',
];

const reviews = [
  'create tokenreviews.authentication.k8s.io',
  'create subjectaccessreviews.authorization.k8s.io',
];

const table: Record<string, Rights> = {
  'traceprobe-controller': {
    may: [
      'list traceprobes.traceprobe.io',
      'watch traceprobes.traceprobe.io',
      'patch traceprobes.traceprobe.io/status',
      'list customresourcedefinitions.apiextensions.k8s.io traceprobes.traceprobe.io',
      'watch customresourcedefinitions.apiextensions.k8s.io traceprobes.traceprobe.io',
      'list nodes',
      'watch nodes',
      'list namespaces',
      'list pods',
      'watch pods',
      'create tokenreviews.authentication.k8s.io',
      'create events.events.k8s.io @default',
      'patch events.events.k8s.io @default',
      'create leases.coordination.k8s.io @tracing',
      'get leases.coordination.k8s.io traceprobe-controller @tracing',
      'update leases.coordination.k8s.io traceprobe-controller @tracing',
      'list configmaps traceprobe-switch @tracing',
      'watch configmaps traceprobe-switch @tracing',
      'create secrets @tracing',
      'get secrets traceprobe-certificates @tracing',
      'update secrets traceprobe-certificates @tracing',
      'patch secrets traceprobe-controller-tls @tracing',
      'patch secrets traceprobe-aggregator-tls @tracing',
      'create configmaps @tracing',
      'patch configmaps traceprobe-ca @tracing',
    ],
    mayNot: [
      ...anyone,
      'create subjectaccessreviews.authorization.k8s.io',
      'get traceprobes.traceprobe.io/events',
      'create secrets @kube-system',
      'get secrets other @tracing',
      'get secrets traceprobe-aggregator-tls @tracing',
      'list secrets @tracing',
      'update traceprobes.traceprobe.io',
      'update traceprobes.traceprobe.io/status',
      'patch secrets other @tracing',
      'delete secrets traceprobe-certificates @tracing',
      'get secrets traceprobe-certificates @default',
      'update leases.coordination.k8s.io other @tracing',
      'update leases.coordination.k8s.io traceprobe-controller @kube-system',
      'list configmaps @tracing',
      'patch configmaps other @tracing',
      'patch configmaps traceprobe-switch @tracing',
      'create events.events.k8s.io @kube-system',
    ],
  },
  'traceprobe-aggregator': {
    may: [
      ...reviews,
      'list pods @tracing',
      'watch pods @tracing',
      'list traceprobes.traceprobe.io',
      'watch traceprobes.traceprobe.io',
    ],
    mayNot: [
      ...anyone,
      'get traceprobes.traceprobe.io/events',
      'patch traceprobes.traceprobe.io/status',
      'list nodes',
      'list pods',
      'list pods @kube-system',
      'get secrets traceprobe-aggregator-tls @tracing',
      'get configmaps traceprobe-ca @tracing',
      'get leases.coordination.k8s.io traceprobe-controller @tracing',
    ],
  },
  'traceprobe-agent': {
    may: [],
    mayNot: [
      ...anyone,
      ...reviews,
      'get pods',
      'list pods @tracing',
      'get nodes',
      'get namespaces',
      'get configmaps traceprobe-ca @tracing',
      'get traceprobes.traceprobe.io',
      'get traceprobes.traceprobe.io/events',
      'create events.events.k8s.io @default',
    ],
  },
  'traceprobe-reader': {
    may: ['get traceprobes.traceprobe.io/events', 'get traceprobes.traceprobe.io/events slow-opens'],
    mayNot: [...anyone, ...reviews, 'get traceprobes.traceprobe.io', 'get pods @tracing'],
  },
};

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
  expect(await cluster.kubectl(['create', '-f', crd])).toMatchObject({ stderr: '' });
  await installRbac(cluster, namespace);
});
afterAll(() => cluster.close());

const crd = new URL('../../crds/traceprobes.yaml', import.meta.url).pathname;

interface Subject {
  user: string;
  groups: string[];
}

function serviceAccount(name: string): Subject {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { user: `system:serviceaccount:${namespace}:${name}`, groups };
}

/** What `kubectl auth can-i --as=…` asks. */
async function can(subject: Subject, action: Action): Promise<boolean> {
  const [verb = '', what = '', ...rest] = action.split(' ');
  const [typed = '', subresource] = what.split('/');
  const [resource = '', ...group] = typed.split('.');
  const at = rest.find((word) => word.startsWith('@'))?.slice(1);
  const name = rest.find((word) => !word.startsWith('@'));
  const resourceAttributes = {
    ...{ verb, resource, group: group.join('.') },
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && { name }),
    ...(at !== undefined && { namespace: at }),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { ...subject, resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const answer = await cluster.request({ method: 'POST', path, body: JSON.stringify(body) });
  return (answer.body as { status: { allowed: boolean } }).status.allowed;
}

async function allowed(subject: Subject, actions: readonly Action[]): Promise<Action[]> {
  const answers = await Promise.all(actions.map((action) => can(subject, action)));
  return actions.filter((_, index) => answers[index]);
}

async function untilAll(subject: Subject, actions: readonly Action[]): Promise<void> {
  for (let tries = 0; tries < 50 && (await allowed(subject, actions)).length < actions.length; tries++);
}

describe.each(Object.entries(table))('%s', (name, { may, mayNot }) => {
  test(`may do its work (${may.length} rights)`, async () => {
    await untilAll(serviceAccount(name), may); // the API server learns of roles some milliseconds later
    expect(await allowed(serviceAccount(name), may)).toEqual(may);
  });

  test('may do nothing else of what was thought of', async () => {
    expect(await allowed(serviceAccount(name), mayNot)).toEqual([]);
  });
});

describe('people', () => {
  const bindings = [
    { kind: 'RoleBinding', role: 'Role', name: 'traceprobe-reader', user: 'reader' },
    { kind: 'ClusterRoleBinding', role: 'ClusterRole', name: 'traceprobe-author', user: 'author' },
    { kind: 'ClusterRoleBinding', role: 'ClusterRole', name: 'traceprobe-viewer', user: 'viewer' },
    { kind: 'ClusterRoleBinding', role: 'ClusterRole', name: 'edit', user: 'editor' },
    { kind: 'ClusterRoleBinding', role: 'ClusterRole', name: 'admin', user: 'namespace-admin' },
  ];
  beforeAll(async () => {
    const items = bindings.map(({ kind, role, name, user }) => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind },
      metadata: { name: `${user}-is-${name}`, ...(kind === 'RoleBinding' && { namespace }) },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role, name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    expect(await cluster.kubectl(['create', '-f', '-'], { input })).toMatchObject({ stderr: '' });
  });
  const person = (user: string): Subject => ({ user, groups: ['system:authenticated'] });

  test.each([
    [
      'reader',
      [
        'create serviceaccounts/token traceprobe-reader @tracing',
        'get pods traceprobe-aggregator-0 @tracing',
        'create pods/portforward traceprobe-aggregator-0 @tracing',
        'get configmaps traceprobe-ca @tracing',
      ],
    ],
    ['author', ['create traceprobes.traceprobe.io', 'delete traceprobes.traceprobe.io']],
    ['viewer', ['get traceprobes.traceprobe.io', 'watch traceprobes.traceprobe.io']],
  ])('whoever is bound as %s may do what it is for', async (user, may) => {
    await untilAll(person(user), may);
    expect(await allowed(person(user), may)).toEqual(may);
  });

  test.each([
    ['reader', ['create serviceaccounts/token traceprobe-controller @tracing', 'get secrets @tracing']],
    [
      'reader',
      [
        'get traceprobes.traceprobe.io/events', // by the readers' token alone
        'create traceprobes.traceprobe.io',
        'create pods/portforward other @tracing',
      ],
    ],
    ['author', ['use traceprobes.traceprobe.io/object', 'get traceprobes.traceprobe.io/events']],
    ['viewer', ['create traceprobes.traceprobe.io', 'get traceprobes.traceprobe.io/events']],
  ])('whoever is bound as %s may not %j', async (user, mayNot) => {
    expect(await allowed(person(user), mayNot)).toEqual([]);
  });

  test.each(['editor', 'namespace-admin'])(
    'the cluster role of an %s gives no right to probes',
    async (user) => {
      await untilAll(person(user), ['create pods']);
      const probes = ['get', 'create', 'delete'].map((verb) => `${verb} traceprobes.traceprobe.io`);
      expect(await allowed(person(user), [...probes, 'get traceprobes.traceprobe.io/events'])).toEqual([]);
    },
  );
});

test('certificates by cert-manager leave the controller without rights to secrets', async () => {
  const issuerRef = { kind: 'ClusterIssuer', name: 'cluster' };
  const values = { certificates: { source: 'CertManager', certManager: { issuerRef, ca: 'PEM' } } };
  const roles = await renderChart({ values, templates: ['templates/rbac.yaml'] });
  expect(JSON.stringify(roles)).not.toContain('secrets');
});
