import { expect, test } from '@jest/globals';
import { PositionsError } from './positionsError.ts';
import { promtailPositions } from './promtailPositions.ts';

const read = (text: string): unknown => promtailPositions(Buffer.from(text), '/run/promtail/positions.yaml');

test('Promtail notes offsets by path, and cursors of what is no file', () => {
  const text = [
    'positions:',
    '  /var/log/a.log: "1000"',
    '  "/var/log/b: c.log": "9223372036854775807"',
    "  cursor-/var/log/x: '12'",
    '  journal-system: s=5a1c;i=12',
    '  /var/log/odd.log: s=5a1c',
    '',
  ].join('\n');
  expect(read(text)).toEqual([
    { path: '/var/log/a.log', offset: 1000n },
    { path: '/var/log/b: c.log', offset: 2n ** 63n - 1n },
  ]);
});

test('long paths, such as those of pods, are keys of their own lines', () => {
  const path = `/var/log/pods/${'namespace_a-pod-with-a-long-name_'.repeat(5)}/web/0.log`;
  const folded = '/var/log/a long name\n    that goes on';
  expect(read(`positions:\n  ? ${path}\n  : "1000"\n  ? '${folded}'\n  : "5"\n`)).toEqual([
    { path, offset: 1000n },
    { path: '/var/log/a long name that goes on', offset: 5n },
  ]);
});

test('Alloy notes offsets by path and labels', () => {
  const text = [
    'positions:',
    '    ? path: /var/log/a.log',
    `      labels: '{app="a", job="b"}'`,
    '    : "1000"',
    '    ? path: cursor-x',
    '      labels: ""',
    '    : "1"',
    '',
  ].join('\n');
  expect(read(text)).toEqual([{ path: '/var/log/a.log', offset: 1000n }]);
});

test.each(['', 'positions: {}\n', 'positions:\n'])('%j has no positions', (text) => {
  expect(read(text)).toEqual([]);
});

test.each(['positions: [', 'positions: 5\n', '- a\n', 'a: &a [x]\npositions: { *a : *a }\n', '\0'])(
  '%j is refused',
  (text) => {
    expect(() => read(text)).toThrow(PositionsError);
    expect(() => read(text)).toThrow('name the file that Promtail or Alloy keeps positions in');
  },
);
