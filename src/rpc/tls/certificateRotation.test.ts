import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  authorityLife,
  bundleDelay,
  bundleOf,
  rotate,
  serverLife,
  type Certificates,
} from './certificateRotation.ts';

const names = { aggregator: ['traceprobe-aggregator', 'traceprobe-aggregator.tracing.svc'] };
const start = new Date('2026-01-01T00:00:00Z');
const after = (milliseconds: number): Date => new Date(start.getTime() + milliseconds);

function trusts(bundle: string, server: string): boolean {
  const authorities = bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  const certificate = new X509Certificate(server);
  return authorities.some((pem) => certificate.verify(new X509Certificate(pem).publicKey));
}

function serverOf(certificates: Certificates): string {
  return certificates.servers['aggregator']?.certificate ?? '';
}

test('the first step makes an authority and a certificate for each server, the next has nothing to do', async () => {
  const first = await rotate(undefined, names, start);
  expect(trusts(bundleOf(first), serverOf(first))).toBe(true);
  expect(new X509Certificate(serverOf(first)).subjectAltName).toBe(
    'DNS:traceprobe-aggregator, DNS:traceprobe-aggregator.tracing.svc',
  );
  expect(await rotate(first, names, after(1000))).toBe(first);
});

test('a server is renewed by the same authority when two thirds of its life are over', async () => {
  const first = await rotate(undefined, names, start);
  const second = await rotate(first, names, after((serverLife * 2) / 3));
  expect(serverOf(second)).not.toBe(serverOf(first));
  expect(bundleOf(second)).toBe(bundleOf(first));
});

test('names that change are issued anew, servers that went are forgotten', async () => {
  const first = await rotate(undefined, names, start);
  const renamed = await rotate(first, { aggregator: ['other'] }, after(1));
  expect(new X509Certificate(serverOf(renamed)).subjectAltName).toBe('DNS:other');
  expect((await rotate(first, {}, after(1))).servers).toEqual({});
});

test('through the change of the authority nobody meets a certificate that an earlier bundle does not trust', async () => {
  const minute = 60_000;
  const states = [await rotate(undefined, names, start)];
  let now = (authorityLife * 2) / 3 - 5 * minute;
  for (let step = 0; step < 60; step++, now += minute) {
    const last = states.at(-1);
    const next = await rotate(last, names, after(now));
    // A client that took the bundle up to ten minutes ago trusts what servers show now, and the other way round.
    states.push(next);
    const recent = states.slice(-(bundleDelay / minute));
    for (const state of recent) {
      expect(trusts(bundleOf(state), serverOf(next))).toBe(true);
      expect(trusts(bundleOf(next), serverOf(state))).toBe(true);
    }
  }
  const last = states.at(-1);
  expect(last?.authority.certificate).not.toBe(states[0]?.authority.certificate);
  expect(last?.previous).toBeUndefined();
  expect(last?.next).toBeUndefined();
});
