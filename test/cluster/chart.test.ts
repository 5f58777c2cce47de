import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { agentCommand } from '../../src/cli/commands/agent.ts';
import { aggregatorCommand } from '../../src/cli/commands/aggregator.ts';
import { controllerCommand } from '../../src/cli/commands/controller.ts';
import { renderChart, type Manifest } from './chart/renderChart.ts';
import { chartDirectory, runHelm } from './chart/runHelm.ts';

/** Everything that values can switch on. */
const everything = {
  imagePullSecrets: [{ name: 'registry' }],
  agent: {
    probes: { user: true, delayedUnlink: true, delayedUnlinkOfOthers: true },
    hostPaths: { btf: '/sys/kernel/btf', positions: ['/var/lib/vector'] },
    seLinuxOptions: { type: 'spc_t' },
    appArmorProfile: { type: 'Unconfined' },
  },
  certificates: {
    source: 'CertManager',
    certManager: { issuerRef: { kind: 'ClusterIssuer', name: 'internal' }, ca: 'PEM' },
  },
  networkPolicy: { apiServer: { cidrs: ['10.0.0.1/32'] }, metrics: { from: [{ podSelector: {} }] } },
  metrics: { serviceMonitor: true, prometheusRule: true, grafanaDashboard: true, labels: { release: 'a' } },
};
const variants: [string, object][] = [
  ['as it comes', {}],
  ['everything on', everything],
];

interface Container {
  name: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  securityContext: { capabilities: { drop: string[]; add?: string[] }; [field: string]: unknown };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}
interface PodSpec {
  containers: Container[];
  volumes?: { name: string; hostPath?: { path: string }; [source: string]: unknown }[];
  [field: string]: unknown;
}

function podOf(manifest: Manifest): PodSpec | undefined {
  if (manifest.kind === 'Pod') return manifest['spec'] as PodSpec;
  const { template } = (manifest['spec'] ?? {}) as { template?: { spec: PodSpec } };
  return template?.spec;
}

async function agentOf(values: object): Promise<{ pod: PodSpec; container: Container }> {
  const [agent] = await renderChart({ values, templates: ['templates/agent.yaml'] });
  const pod = agent && podOf(agent);
  const container = pod?.containers[0];
  if (!pod || !container) throw new Error('the agent has no container');
  return { pod, container };
}

const read = (...path: string[]): Promise<string> => readFile(join(chartDirectory, ...path), 'utf8');

describe.each(variants)('%s', (_, values) => {
  test('no container is privileged or may become so, and none can write to its image', async () => {
    for (const manifest of await renderChart({ values })) {
      for (const { name, securityContext } of podOf(manifest)?.containers ?? []) {
        expect({ name, ...securityContext }).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(securityContext['privileged'] ?? false).toBe(false);
      }
    }
  });

  test('no pod shares a namespace of its node', async () => {
    for (const manifest of await renderChart({ values })) {
      const pod = podOf(manifest);
      if (!pod) continue;
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod[field] ?? false).toBe(false);
      for (const { ports = [] } of pod.containers as { ports?: object[] }[]) {
        expect(JSON.stringify(ports)).not.toContain('hostPort');
      }
    }
  });

  test('only the agent mounts paths of the node', async () => {
    const mounting = (await renderChart({ values })).filter((manifest) =>
      podOf(manifest)?.volumes?.some(({ hostPath }) => hostPath),
    );
    expect(mounting.map(({ metadata }) => metadata.name)).toEqual(['traceprobe-agent']);
  });

  test('no role has a wildcard, changes roles, or is aggregated into another', async () => {
    const roles = (await renderChart({ values })).filter(({ kind }) => /^(Cluster)?Role$/.test(kind));
    expect(roles.length).toBeGreaterThan(5);
    for (const { metadata, rules, ...rest } of roles) {
      expect(rest).not.toHaveProperty('aggregationRule');
      expect(Object.keys(metadata.labels ?? {}).filter((label) => label.includes('aggregate-to'))).toEqual(
        [],
      );
      for (const rule of rules as Record<string, string[]>[]) {
        expect(Object.values(rule).flat()).not.toContain('*');
        expect(rule['apiGroups']).not.toContain('rbac.authorization.k8s.io');
      }
    }
  });

  test('every object carries the release and lies where it should', async () => {
    for (const { kind, metadata } of await renderChart({ values, namespace: 'tracing' })) {
      if (kind.startsWith('ValidatingAdmissionPolicy')) continue; // as crds/ has them
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'traceprobe' });
      if (metadata.namespace === 'default') expect(metadata.name).toBe('traceprobe-controller-events');
      else expect(['tracing', undefined]).toContain(metadata.namespace);
    }
  });
});

describe('the agent', () => {
  test('has BPF and PERFMON alone, and more only with the kinds of probes that need more', async () => {
    const added = async (probes: object): Promise<string[] | undefined> =>
      (await agentOf({ agent: { probes } })).container.securityContext.capabilities.add;
    expect(await added({})).toEqual(['BPF', 'PERFMON']);
    expect(await added({ user: true })).toEqual(['BPF', 'PERFMON', 'SYS_ADMIN']);
    expect(await added({ delayedUnlink: true })).toEqual(['BPF', 'PERFMON', 'DAC_READ_SEARCH']);
    const ofOthers = { delayedUnlink: true, delayedUnlinkOfOthers: true };
    expect(await added(ofOthers)).toEqual(['BPF', 'PERFMON', 'DAC_READ_SEARCH', 'DAC_OVERRIDE', 'FOWNER']);
    expect(await added({ delayedUnlinkOfOthers: true })).toEqual(['BPF', 'PERFMON']);
  });

  test('mounts logs and positions below /host with delayedUnlink alone, and is told so', async () => {
    const hostPaths = { logs: ['/var/log', '/data/logs'], positions: ['/var/lib/vector', '/var/log'] };
    const mountsOf = async (probes: object): Promise<[unknown, string, boolean][]> => {
      const { pod, container } = await agentOf({ agent: { probes, hostPaths } });
      const root = container.env?.find(({ name }) => name === 'TRACEPROBE_HOST_ROOT')?.value;
      return (container.volumeMounts ?? [])
        .filter(({ name }) => /^(logs|positions)/.test(name))
        .map(({ name, mountPath, readOnly }) => {
          const volume = pod.volumes?.find((each) => each.name === name);
          expect(mountPath).toBe(`${root ?? 'not told'}${volume?.hostPath?.path ?? ''}`);
          return [volume?.hostPath, mountPath, readOnly !== true];
        });
    };
    const type = 'DirectoryOrCreate';
    expect(await mountsOf({ delayedUnlink: true })).toEqual([
      [{ path: '/var/log', type }, '/host/var/log', true],
      [{ path: '/data/logs', type }, '/host/data/logs', true],
      [{ path: '/var/lib/vector', type }, '/host/var/lib/vector', false],
    ]);
    expect(await mountsOf({})).toEqual([]);
    expect((await agentOf({})).container.env?.map(({ name }) => name)).not.toContain('TRACEPROBE_HOST_ROOT');
  });

  test('has one token: ten minutes, for controller and aggregator alone', async () => {
    const { pod } = await agentOf({});
    expect(pod['automountServiceAccountToken']).toBe(false);
    const token = { path: 'token', audience: 'traceprobe-agent', expirationSeconds: 600 };
    const sources = [{ serviceAccountToken: token }];
    expect(pod.volumes?.filter((volume) => 'projected' in volume)).toMatchObject([
      { projected: { sources } },
    ]);
  });

  test.each(['tracefs', 'bpffs', 'cgroup', 'securityfs'])(
    'path %s can be left out by itself',
    async (path) => {
      const names = ({ pod }: { pod: PodSpec }): string[] => pod.volumes?.map(({ name }) => name) ?? [];
      const all = names(await agentOf({}));
      expect(all).toContain(path);
      const without = await agentOf({ agent: { hostPaths: { [path]: '' } } });
      expect(names(without)).toEqual(all.filter((name) => name !== path));
      expect(without.container.volumeMounts?.map(({ name }) => name)).not.toContain(path);
    },
  );

  test('writes to its pins and its own folder, with delayedUnlink to the logs, nowhere else', async () => {
    const writable = async (values: object): Promise<string[] | undefined> =>
      (await agentOf(values)).container.volumeMounts
        ?.filter(({ readOnly }) => readOnly !== true)
        .map(({ name }) => name);
    expect(await writable({})).toEqual(['bpffs', 'data']);
    expect(await writable(everything)).toEqual(['bpffs', 'data', 'logs-0']);
  });

  test('without a folder on the node it has one that lasts as long as the pod', async () => {
    const { pod } = await agentOf({ agent: { hostPaths: { data: '' } } });
    expect(pod.volumes).toContainEqual({ name: 'data', emptyDir: {} });
  });
});

describe('the CustomResourceDefinition', () => {
  test('is the one of crds/, and stays when the release goes', async () => {
    const [rendered] = await renderChart({ templates: ['templates/crd.yaml'] });
    const source = await readFile(new URL('../../crds/traceprobes.yaml', import.meta.url), 'utf8');
    expect(rendered?.['spec']).toEqual((parse(source) as Manifest)['spec']);
    expect(rendered?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
  });

  test('and the admission policy can be left to others', async () => {
    const values = { crd: { install: false }, admissionPolicy: { install: false } };
    const kinds = (await renderChart({ values })).map(({ kind }) => kind);
    expect(kinds.filter((kind) => /CustomResource|Admission/.test(kind))).toEqual([]);
  });
});

describe('values', () => {
  interface Schema {
    description?: string;
    properties?: Record<string, Schema>;
  }

  /** Whether it is a group of values, and not the fields of one. */
  const divides = ({ properties = {} }: Schema): boolean =>
    Object.values(properties).some((each) => each.description !== undefined || divides(each));

  /** Every value by its path, with the comment above it. */
  async function documented(): Promise<Map<string, { comment: string; description: string | undefined }>> {
    const document = parseDocument(await read('values.yaml'));
    const found = new Map<string, { comment: string; description: string | undefined }>();
    const walk = (node: unknown, schema: Schema, path: string[], inherited = ''): void => {
      if (!isMap(node)) return;
      for (const [index, pair] of node.items.entries()) {
        const key = isScalar(pair.key) ? pair.key : undefined;
        const name = String(key?.value);
        const comment = key?.commentBefore ?? (index === 0 ? inherited : '');
        const below = schema.properties?.[name];
        if (!below) throw new Error(`values.schema.json has no ${[...path, name].join('.')}`);
        if (divides(below) && isMap(pair.value)) {
          const { commentBefore = '' } = pair.value as { commentBefore?: string };
          walk(pair.value, below, [...path, name], commentBefore);
          continue;
        }
        const text = comment.split('\n').map((line) => line.trim());
        found.set([...path, name].join('.'), { comment: text.join(' '), description: below.description });
      }
    };
    walk(document.contents, JSON.parse(await read('values.schema.json')) as Schema, []);
    return found;
  }

  test('each has a comment, and the schema describes it in the same words', async () => {
    const values = await documented();
    expect(values.size).toBeGreaterThan(50);
    for (const [path, { comment, description }] of values) {
      expect({ path, text: description }).toEqual({ path, text: comment });
      expect(comment).not.toBe('');
    }
  });

  test('each is used by a template', async () => {
    const files = await readdir(join(chartDirectory, 'templates'), { recursive: true });
    const texts = await Promise.all(
      files.filter((file) => /\.(yaml|tpl|txt)$/.test(file)).map((file) => read('templates', file)),
    );
    // Blocks that are handed over whole, under the names that they are known by there.
    const text = texts
      .join('\n')
      .replaceAll('$paths.', '.Values.agent.hostPaths.')
      .replaceAll(/"traceprobe.scheduling" \.Values\.(\w+)/g, (whole, component: string) =>
        ['nodeSelector', 'tolerations', 'priorityClassName'].reduce(
          (uses, name) => `${uses} .Values.${component}.${name}`,
          whole,
        ),
      );
    const used = (path: string): boolean =>
      new RegExp(`\\.Values\\.${path.replaceAll('.', '\\.')}\\b`).test(text);
    const paths = [...(await documented()).keys()];
    expect(paths.filter((path) => !used(path))).toEqual([]);
  });

  test.each<[object, string]>([
    [{ controller: { replicas: 0 } }, "at '/controller/replicas': minimum: got 0, want 1"],
    [{ agent: { logLevel: 'loud' } }, "value must be one of 'debug', 'info', 'warn', 'error'"],
    [{ agent: { spoolBytes: '1GiB' } }, "'1GiB' does not match pattern"],
    [{ agent: { maxUnavailable: '0%' } }, "'0%' does not match pattern"],
    [{ agent: { hostPaths: { tracefs: 'sys' } } }, "'sys' does not match pattern"],
    [{ agent: { privileged: true } }, "at '/agent': additional properties 'privileged' not allowed"],
    [{ image: { digest: 'latest' } }, "'latest' does not match pattern"],
    [{ aggregators: {} }, "additional properties 'aggregators' not allowed"],
    [{ metrics: { port: 9443 } }, "metrics.port is 9443, which is gRPC's: choose another"],
    [{ certificates: { source: 'CertManager' } }, 'say which issuer signs'],
    [
      { certificates: { source: 'CertManager', certManager: { issuerRef: { name: 'internal' } } } },
      'give the PEM of the authority that agents and readers trust',
    ],
    [{ agent: { hostPaths: { proc: '/proc' } } }, "additional properties 'proc' not allowed"],
    [{ agent: { hostPaths: { logs: ['/'] } } }, "'/' does not match pattern"],
    [{ agent: { hostPaths: { logs: [] } } }, 'minItems: got 0, want 1'],
  ])('%j is refused', async (values, words) => {
    await expect(renderChart({ values })).rejects.toThrow(words);
  });

  test('a cluster before 1.31 is refused', async () => {
    const old = renderChart({ args: ['--kube-version=1.30.2'] });
    await expect(old).rejects.toThrow('requires kubeVersion: >=1.31.0-0');
  });
});

describe('alerts and the dashboard', () => {
  /** Metrics of the sources, by the files that make them. */
  async function known(): Promise<Set<string>> {
    const source = (path: string): Promise<string> =>
      readFile(new URL(`../../src/${path}`, import.meta.url), 'utf8');
    const controller = [...(await source('controller/metrics.ts')).matchAll(/name\('(\w+)'\)/g)];
    const aggregator = [
      ...(await source('aggregator/aggregatorMetrics.ts')).matchAll(/(?:counter|gauge|name)\(\s*'(\w+)'/g),
    ];
    const agent = [...(await source('agent/agentMetrics.ts')).matchAll(/'(traceprobe_\w+)'/g)];
    return new Set([
      ...controller.map(([, name = '']) => `traceprobe_controller_${name}`),
      ...aggregator.map(([, name = '']) => `traceprobe_aggregator_${name}`),
      ...agent.map(([, name = '']) => name),
    ]);
  }

  test('ask for metrics that there are', async () => {
    const text = (await read('files/alerts.yaml')) + (await read('files/dashboard.json'));
    const asked = [...text.matchAll(/traceprobe_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
    const metrics = await known();
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !metrics.has(name))).toEqual([]);
  });

  test('every alert says what to do, and a dashboard is JSON', async () => {
    const rendered = await renderChart({ values: everything });
    const rule = rendered.find(({ kind }) => kind === 'PrometheusRule');
    const { groups } = rule?.['spec'] as { groups: { rules: Record<string, Record<string, string>>[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(8);
    for (const { annotations } of rules) {
      expect(annotations?.['description']).toMatch(/look|read|find|bring|suspend|log says/i);
    }
    const dashboard = rendered.find(({ metadata }) => metadata.name === 'traceprobe-dashboard');
    const { data } = dashboard as unknown as { data: Record<string, string> };
    expect(JSON.parse(data['traceprobe.json'] ?? '')).toMatchObject({ title: 'TraceProbe' });
  });
});

test('options that the chart gives are options that the commands have', async () => {
  const context = {} as Parameters<typeof agentCommand>[0];
  const variables = Object.fromEntries(
    [agentCommand, aggregatorCommand, controllerCommand]
      .map((commandOf) => commandOf(context))
      .map((command) => [command.name(), command.options.map(({ envVar }) => envVar)]),
  );
  for (const [, values] of variants) {
    for (const manifest of await renderChart({ values })) {
      for (const { args = [], env = [] } of podOf(manifest)?.containers ?? []) {
        const known = variables[args.at(-1) ?? ''];
        if (!known) continue; // the pod of `helm test`
        const given = env.map(({ name }) => name).filter((name) => name.startsWith('TRACEPROBE_'));
        expect(given.length).toBeGreaterThan(3);
        expect(given.filter((name) => !known.includes(name))).toEqual([]);
      }
    }
  }
});

test('the chart installs the version of this repository, and a package of it renders the same', async () => {
  const own = parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(parse(await read('Chart.yaml'))).toMatchObject({ version: own.version, appVersion: own.version });
  const directory = await mkdtemp(join(tmpdir(), 'traceprobe-chart-'));
  try {
    // Its links to crds/ become files.
    const packaged = await runHelm(['package', chartDirectory, `--destination=${directory}`]);
    expect(packaged).toMatchObject({ code: 0 });
    const rendered = await runHelm([
      'template',
      'traceprobe',
      join(directory, `traceprobe-${own.version}.tgz`),
    ]);
    const direct = await runHelm(['template', 'traceprobe', chartDirectory]);
    expect(rendered.stdout).toBe(direct.stdout);
    expect(direct.stdout).toContain('kind: CustomResourceDefinition');
  } finally {
    await rm(directory, { recursive: true });
  }
});
