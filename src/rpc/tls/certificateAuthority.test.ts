import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  createAuthority,
  isDueForRenewal,
  issueServerCertificate,
  validFor,
} from './certificateAuthority.ts';

const now = new Date('2026-03-01T12:00:00Z');
const hour = 3_600_000;

test('an authority signs a certificate for names and addresses, valid from five minutes ago', async () => {
  const authority = await createAuthority('TraceProbe', validFor(24 * hour, now));
  const pair = await issueServerCertificate(
    authority,
    ['traceprobe-aggregator', 'traceprobe-aggregator.tracing.svc'],
    ['127.0.0.1', '::1'],
    validFor(hour, now),
  );
  const ca = new X509Certificate(authority.certificate);
  const certificate = new X509Certificate(pair.certificate);
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.checkIssued(ca)).toBe(true);
  expect(ca.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.subjectAltName).toBe(
    'DNS:traceprobe-aggregator, DNS:traceprobe-aggregator.tracing.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(certificate.validFromDate).toEqual(new Date('2026-03-01T11:55:00Z'));
  expect(certificate.validToDate).toEqual(new Date('2026-03-01T13:00:00Z'));
});

test('a certificate is due for renewal when two thirds of its life are over', async () => {
  const { certificate } = await createAuthority('TraceProbe', {
    notBefore: now,
    notAfter: new Date(now.getTime() + 3 * hour),
  });
  expect(isDueForRenewal(certificate, new Date(now.getTime() + 2 * hour - 1000))).toBe(false);
  expect(isDueForRenewal(certificate, new Date(now.getTime() + 2 * hour))).toBe(true);
});
