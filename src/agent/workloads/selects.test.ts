import { expect, test } from '@jest/globals';
import type { TraceProbeScope } from '../../api/index.ts';
import { isScoped, selectsContainer, selectsHost } from './selects.ts';

const pod = { namespace: 'shop', labels: { app: 'web' }, namespaceLabels: { team: 'blue' } };

test.each<[string, TraceProbeScope | undefined, { scoped: boolean; host: boolean; web: boolean }]>([
  ['no scope: everything', undefined, { scoped: false, host: true, web: true }],
  [
    'nodes alone: everything on them',
    { nodeSelector: { matchLabels: { a: 'b' } } },
    { scoped: false, host: true, web: true },
  ],
  ['a namespace: its pods, not the host', { namespaces: ['shop'] }, { scoped: true, host: false, web: true }],
  ['another namespace', { namespaces: ['bank'] }, { scoped: true, host: false, web: false }],
  [
    'a namespace and the host',
    { namespaces: ['shop'], host: 'Include' },
    { scoped: true, host: true, web: true },
  ],
  ['the host only', { host: 'Only' }, { scoped: true, host: true, web: false }],
  ['all pods and not the host', { host: 'Exclude' }, { scoped: true, host: false, web: true }],
  ['everything, said', { host: 'Include' }, { scoped: false, host: true, web: true }],
  [
    'labels of the namespace',
    { namespaceSelector: { matchLabels: { team: 'blue' } } },
    { scoped: true, host: false, web: true },
  ],
  [
    'other labels of the namespace',
    { namespaceSelector: { matchLabels: { team: 'red' } } },
    { scoped: true, host: false, web: false },
  ],
  [
    'labels of the pod',
    { podSelector: { matchLabels: { app: 'web' } } },
    { scoped: true, host: false, web: true },
  ],
  ['an empty selector: every pod', { podSelector: {} }, { scoped: true, host: false, web: true }],
  [
    'other labels of the pod',
    { podSelector: { matchLabels: { app: 'db' } } },
    { scoped: true, host: false, web: false },
  ],
  ['the container', { containers: ['nginx'] }, { scoped: true, host: false, web: true }],
  ['another container', { containers: ['sidecar'] }, { scoped: true, host: false, web: false }],
])('%s', (_, scope, { scoped, host, web }) => {
  expect({
    scoped: isScoped(scope),
    host: selectsHost(scope),
    web: selectsContainer(scope, pod, 'nginx'),
  }).toEqual({ scoped, host, web });
});

test('a process of a pod outside of its containers is of none that a scope names', () => {
  expect(selectsContainer({ containers: ['nginx'] }, pod, undefined)).toBe(false);
  expect(selectsContainer({ namespaces: ['shop'] }, pod, undefined)).toBe(true);
});
