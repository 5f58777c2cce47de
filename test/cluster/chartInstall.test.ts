import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderChart } from './chart/renderChart.ts';
import { chartDirectory, runHelm, type HelmResult } from './chart/runHelm.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import type { KubectlResult } from './controlPlane/runKubectl.ts';

/** The API server stores what is installed; nothing runs, so nothing is waited for. */
describe.each(['1.34', '1.31'])('on Kubernetes %s', (version) => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ emulatedVersion: version });
  });
  afterAll(() => cluster.close());

  const helm = (...args: string[]): Promise<HelmResult> =>
    runHelm(args, { kubeconfigFile: cluster.kubeconfigFile });
  const kubectl = (...args: string[]): Promise<KubectlResult> => cluster.kubectl(args);

  /** Objects of the release that have no namespace, or are in another one than its own. */
  async function remains(): Promise<string[]> {
    const kinds = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings', 'serviceaccounts'];
    const others = ['deployments', 'daemonsets', 'statefulsets', 'services', 'networkpolicies', 'configmaps'];
    const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
    const all = [...kinds, ...others, ...policies, 'customresourcedefinitions'].join(',');
    const { stdout } = await kubectl('get', all, '-A', '-o', 'name');
    return stdout.split('\n').filter((name) => name.includes('traceprobe'));
  }

  test('it is installed, with an account of what to do first', async () => {
    const installed = await helm(
      ...['install', 'traceprobe', chartDirectory, '--namespace=tracing', '--create-namespace'],
    );
    expect(installed).toMatchObject({ code: 0 });
    expect(installed.stdout).toContain('kubectl -n tracing rollout status daemonset/traceprobe-agent');
    const workloads = await kubectl('-n', 'tracing', 'get', 'deploy,ds,sts', '-o', 'name');
    expect(workloads.stdout.trim().split('\n')).toEqual([
      'deployment.apps/traceprobe-controller',
      'daemonset.apps/traceprobe-agent',
      'statefulset.apps/traceprobe-aggregator',
    ]);
  });

  test('the probe that its notes propose is taken', async () => {
    const { stdout } = await helm('get', 'notes', 'traceprobe', '--namespace=tracing');
    const manifest = /<<'EOF'.*\n([^]*?)\n {2}EOF/.exec(stdout)?.[1]?.replaceAll(/^ {2}/gm, '');
    await kubectl('wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io');
    const created = await cluster.kubectl(['create', '-f', '-'], { input: manifest ?? '' });
    expect(created).toMatchObject({ stdout: 'traceprobe.traceprobe.io/first created\n', stderr: '' });
  });

  test('an upgrade changes what its values say, and does not turn the switch that stops all probes', async () => {
    const suspended = JSON.stringify({ data: { suspended: 'true' } });
    await kubectl(
      '-n',
      'tracing',
      'patch',
      'configmap',
      'traceprobe-switch',
      '--type=merge',
      '-p',
      suspended,
    );
    const upgraded = await helm(
      ...['upgrade', 'traceprobe', chartDirectory, '--namespace=tracing', '--set=controller.replicas=3'],
    );
    expect(upgraded).toMatchObject({ code: 0 });
    const path = "jsonpath={.items[*]['spec.replicas','data.suspended']}";
    const get = (...what: string[]): Promise<KubectlResult> =>
      kubectl('-n', 'tracing', 'get', ...what, '-o', path.replace('.items[*]', ''));
    expect((await get('deployment', 'traceprobe-controller')).stdout.trim()).toBe('3');
    expect((await get('configmap', 'traceprobe-switch')).stdout.trim()).toBe('true');
  });

  describe('the source of certificates', () => {
    const made = 'made by the controller';
    const given = 'given to the chart';
    const name = 'traceprobe-ca';

    /** What the controller does when it makes certificates. */
    const publish = (): Promise<KubectlResult> => {
      const metadata = { name, namespace: 'tracing' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': made } };
      const manager = '--field-manager=traceprobe-controller';
      return cluster.kubectl(['apply', '--server-side', '--force-conflicts', manager, '-f', '-'], {
        input: JSON.stringify(object),
      });
    };
    const authority = async (): Promise<string> =>
      (await kubectl('-n', 'tracing', 'get', 'configmap', name, '-o', String.raw`jsonpath={.data.ca\.crt}`))
        .stdout;
    const upgrade = (...args: string[]): Promise<HelmResult> =>
      helm('upgrade', 'traceprobe', chartDirectory, '--namespace=tracing', '--reset-values', ...args);
    const byCertManager = [
      '--set=certificates.source=CertManager,certificates.certManager.issuerRef.name=internal',
      `--set=certificates.certManager.ca=${given}`,
    ];

    beforeAll(async () => {
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      const definition = {
        ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
        metadata: { name: 'certificates.cert-manager.io' },
        spec: {
          ...{ group: 'cert-manager.io', scope: 'Namespaced' },
          names: { kind: 'Certificate', plural: 'certificates' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      };
      await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(definition) });
      await kubectl('wait', '--for=condition=Established', 'crd/certificates.cert-manager.io');
    });

    test('may change from the controller to cert-manager, and back', async () => {
      expect(await publish()).toMatchObject({ code: 0 });
      expect(await upgrade()).toMatchObject({ code: 0 });
      expect(await authority()).toBe(made);
      expect(await upgrade(...byCertManager)).toMatchObject({ code: 0 });
      expect(await authority()).toBe(given);
      expect(await upgrade()).toMatchObject({ code: 0 });
      expect(await publish()).toMatchObject({ code: 0 });
      expect(await authority()).toBe(made);
    });

    test("of an authority that is not the release's may not change before it is", async () => {
      await kubectl('-n', 'tracing', 'delete', 'configmap', name);
      await publish();
      const refused = await upgrade(...byCertManager);
      expect(refused.code).toBe(1);
      const commands = /Give it to this one: (.*)$/m.exec(refused.stderr)?.[1]?.split(' && ') ?? [];
      expect(commands).toHaveLength(2);
      for (const command of commands) {
        expect(await kubectl(...command.split(' ').slice(1))).toMatchObject({ code: 0 });
      }
      expect(await upgrade(...byCertManager)).toMatchObject({ code: 0 });
      expect(await authority()).toBe(given);
      expect(await upgrade()).toMatchObject({ code: 0 });
    });
  });

  test('a second installation is refused, with who has the first', async () => {
    const second = await helm(
      ...['install', 'another', chartDirectory, '--namespace=elsewhere', '--create-namespace'],
    );
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      'TraceProbe is in this cluster already, installed by release tracing/traceprobe: one installation traces every ' +
        'node, and a second one would trace it again. Upgrade that one, or uninstall it first.',
    );
  });

  test('the CustomResourceDefinition and TraceProbes outlive an uninstall, and nothing else does', async () => {
    expect(await helm('uninstall', 'traceprobe', '--namespace=tracing')).toMatchObject({ code: 0 });
    expect(await remains()).toEqual([
      'customresourcedefinition.apiextensions.k8s.io/traceprobes.traceprobe.io',
    ]);
    expect((await kubectl('get', 'traceprobes', '-o', 'name')).stdout).toBe(
      'traceprobe.traceprobe.io/first\n',
    );
  });

  test('a later installation elsewhere is told how to take over what was left, and can', async () => {
    const install = ['install', 'again', chartDirectory, '--namespace=elsewhere', '--create-namespace'];
    const refused = await helm(...install);
    expect(refused.code).toBe(1);
    const commands = /Give it to this one: (.*?)\. Or leave/.exec(refused.stderr)?.[1]?.split(' && ') ?? [];
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      expect(await kubectl(...command.split(' ').slice(1))).toMatchObject({ code: 0 });
    }
    expect(await helm(...install)).toMatchObject({ code: 0 });
  });

  describe('in a namespace that enforces Pod Security "restricted"', () => {
    interface Workload {
      kind: string;
      spec: { template?: { spec: object } };
    }

    async function createPod(template: string): Promise<KubectlResult> {
      const [manifest] = (await renderChart({ templates: [template] })).filter(({ kind }) =>
        ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod'].includes(kind),
      );
      const { kind, spec } = manifest as unknown as Workload;
      const pod = {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tried', namespace: 'restricted' } },
        spec: { ...(kind === 'Pod' ? spec : spec.template?.spec), serviceAccountName: 'default' },
      };
      // What a StatefulSet's controller would make of its claim.
      const volumes = (pod.spec as { volumes?: { name: string }[] }).volumes ?? [];
      if (kind === 'StatefulSet' && !volumes.some(({ name }) => name === 'data')) {
        const claim = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
        Object.assign(pod.spec, { volumes: [...volumes, claim] });
      }
      return cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(pod) });
    }

    beforeAll(async () => {
      await cluster.createNamespace('restricted', { 'pod-security.kubernetes.io/enforce': 'restricted' });
      await cluster.createServiceAccount({ namespace: 'restricted', name: 'default' });
    });

    test.each(['controller', 'aggregator', 'tests/installation'])('%s may run', async (name) => {
      expect(await createPod(`templates/${name}.yaml`)).toMatchObject({
        stderr: '',
        stdout: 'pod/tried created (server dry run)\n',
      });
    });

    test('the agent may not, for what it is documented to need', async () => {
      const { stderr } = await createPod('templates/agent.yaml');
      expect(stderr).toContain('violates PodSecurity "restricted:latest"');
      expect(stderr).toContain('must not include "BPF", "PERFMON" in securityContext.capabilities.add');
      expect(stderr).not.toContain('privileged');
      expect(stderr).not.toContain('host namespaces');
    });
  });
});
