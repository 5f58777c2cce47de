import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import type { KubectlResult } from './controlPlane/runKubectl.ts';

const path = (name: string): string => new URL(`../../${name}`, import.meta.url).pathname;
const kinds = {
  points: { points: [{ name: 'exec', attach: 'tracepoint/sched/sched_process_exec' }] },
  builtin: { builtin: { name: 'processes' } },
  object: { object: { image: `registry.example.com/probe@sha256:${'0'.repeat(64)}` } },
  delayedUnlink: { delayedUnlink: { paths: ['/var/log/pods/**/*.log'] } },
};

function probe(name: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name },
    spec,
  });
}

describe.each(['1.34', '1.31'])('on Kubernetes %s', (version) => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ emulatedVersion: version });
    expect(await cluster.kubectl(['create', '-f', path('crds')])).toMatchObject({ stderr: '' });
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io']);
    await cluster.kubectl(['create', 'clusterrole', 'edit-probes', '--verb=*', '--resource=traceprobes']);
    await cluster.kubectl([
      ...['create', 'clusterrolebinding', 'edit-probes'],
      ...['--clusterrole=edit-probes', '--group=editors'],
    ]);
    const editor = await as('editor');
    // The API server reads policies anew every second and says nowhere that it has.
    for (
      let tries = 0;
      (await create(editor, 'tried', kinds.object, '--dry-run=server')).code === 0;
      tries += 1
    ) {
      if (tries > 200) throw new Error('the policy is not in force after 20 s');
      await delay(100);
    }
  });
  afterAll(() => cluster.close());

  type Kubectl = (args: readonly string[], input?: string) => Promise<KubectlResult>;

  /** An editor of TraceProbes; `use`: what they may use, as resourceName or all. */
  async function as(
    user: string,
    use: { resource: string; resourceNames?: string[] }[] = [],
  ): Promise<Kubectl> {
    const certified = await cluster.clientCertificateFor(user, ['editors']);
    const { kubeconfigFile } = certified;
    const rbac = 'rbac.authorization.k8s.io';
    const rules = use.map(({ resource, ...names }) => {
      return { apiGroups: ['traceprobe.io'], resources: [resource], verbs: ['use'], ...names };
    });
    const name = `use-${user}`;
    const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
    const binding = {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name } },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
    };
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [role, binding] });
    expect(await cluster.kubectl(['apply', '-f', '-'], { input: list })).toMatchObject({ code: 0 });
    await cluster.untilAllowed(certified, 'create', 'traceprobes');
    for (const { resource, resourceNames = [''] } of use) {
      for (const each of resourceNames) {
        const [plural = '', subresource = ''] = resource.split('/');
        const named = each === '' ? plural : `${plural}/${each}`;
        await cluster.untilAllowed(certified, 'use', named, `--subresource=${subresource}`);
      }
    }
    return (args, input) => cluster.kubectl(args, { kubeconfigFile, ...(input !== undefined && { input }) });
  }

  function create(kubectl: Kubectl, name: string, spec: object, ...args: string[]): Promise<KubectlResult> {
    return kubectl(['create', '-f', '-', ...args], probe(name, spec));
  }

  test('whoever may create TraceProbes may create those with points and builtin', async () => {
    const editor = await as('plain-editor');
    expect(await create(editor, 'points', kinds.points)).toMatchObject({ code: 0 });
    expect(await create(editor, 'builtin', kinds.builtin)).toMatchObject({ code: 0 });
  });

  test.each(['delayedUnlink', 'object'] as const)(
    '%s is refused without the right to use it, and the refusal says who can do what about it',
    async (kind) => {
      const { stderr, code } = await create(
        await as('mallory'),
        `by-mallory-${kind.toLowerCase()}`,
        kinds[kind],
      );
      expect(code).toBe(1);
      expect(stderr).toContain('(Forbidden)');
      expect(stderr).toContain('user "mallory" may not use it');
      expect(stderr).toContain(
        `a cluster administrator can allow it by a ClusterRole with the rule {apiGroups: [traceprobe.io], ` +
          `resources: [traceprobes/${kind.toLowerCase()}], verbs: [use]}`,
      );
    },
  );

  test('the rule that the refusal names is enough, and for that kind alone', async () => {
    const jane = await as('jane', [{ resource: 'traceprobes/delayedunlink' }]);
    expect(await create(jane, 'by-jane', kinds.delayedUnlink)).toMatchObject({ stderr: '', code: 0 });
    expect(await create(jane, 'by-jane-object', kinds.object)).toMatchObject({ code: 1 });
  });

  test('the right may be to one name', async () => {
    const joe = await as('joe', [{ resource: 'traceprobes/object', resourceNames: ['of-joe'] }]);
    expect(await create(joe, 'of-joe', kinds.object)).toMatchObject({ stderr: '', code: 0 });
    expect(await create(joe, 'of-others', kinds.object)).toMatchObject({ code: 1 });
  });

  test('a cluster administrator needs no further right', async () => {
    for (const kind of ['delayedUnlink', 'object'] as const) {
      const input = probe(`by-admin-${kind.toLowerCase()}`, kinds[kind]);
      expect(await cluster.kubectl(['create', '-f', '-'], { input })).toMatchObject({ stderr: '', code: 0 });
    }
  });

  test('without the right one may stop such a probe, but neither change nor resume it', async () => {
    const input = probe('logs', kinds.delayedUnlink);
    await cluster.kubectl(['create', '-f', '-'], { input });
    const editor = await as('late-editor');
    const patch = (spec: object): Promise<KubectlResult> =>
      editor(['patch', 'traceprobe', 'logs', '--type=merge', '-p', JSON.stringify({ spec })]);
    const refusal = { code: 1, stderr: expect.stringContaining('may not use it') };

    expect(await patch({ delayedUnlink: { paths: ['/etc/**'] } })).toMatchObject(refusal);
    expect(await patch({ scope: { nodeSelector: { matchLabels: { a: 'b' } } } })).toMatchObject(refusal);
    expect(await patch({ suspend: true, delayedUnlink: { mode: 'Hold' } })).toMatchObject(refusal);
    expect(await patch({ suspend: true, expireAfter: '1h' })).toMatchObject(refusal);
    expect(await editor(['label', 'traceprobe', 'logs', 'team=a'])).toMatchObject({ code: 0 });
    expect(await patch({ suspend: true })).toMatchObject({ stderr: '', code: 0 });
    expect(await patch({ suspend: false })).toMatchObject(refusal);
    expect(await editor(['delete', 'traceprobe', 'logs'])).toMatchObject({ code: 0 });
  });

  test('every field of a spec but suspend is one that a suspension may not change', async () => {
    const crd = await cluster.request({
      method: 'GET',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/traceprobes.traceprobe.io',
    });
    const policy = await cluster.kubectl([
      'get',
      'validatingadmissionpolicy',
      'traceprobe-use',
      '-o',
      'yaml',
    ]);
    const { spec } = crd.body as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: object } } } } }[] };
    };
    const fields = Object.keys(spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties ?? {});
    const compared = fields.filter((field) => policy.stdout.includes(`oldObject.spec.?${field}`));
    // Which kind it is cannot change, and points and builtin need no right.
    expect(fields.filter((field) => !compared.includes(field))).toEqual(['builtin', 'points', 'suspend']);
  });
});
