import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from '../../vm/execute.ts';

/** A certificate with its key, as files in PEM. */
export interface IssuedCertificate {
  certificateFile: string;
  keyFile: string;
}

export interface CertificateRequest {
  /** The common name: the user, for a client. */
  commonName: string;
  /** Organizations: the groups, for a client. */
  organizations?: readonly string[];
  usage: 'clientAuth' | 'serverAuth';
  /** As openssl spells them, such as IP:127.0.0.1 or DNS:localhost. */
  subjectAltNames?: readonly string[];
}

export interface CertificateAuthority {
  certificateFile: string;
  /** PEM. */
  certificate: string;
  /** Issues a certificate valid for a day, as files NAME.crt and NAME.key. */
  issue(name: string, request: CertificateRequest): Promise<IssuedCertificate>;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes a certificate authority in a directory, with the openssl program. */
export async function createCertificateAuthority(directory: string): Promise<CertificateAuthority> {
  const path = (name: string): string => join(directory, name);
  await execute('openssl', [
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=cluster-test-ca'],
    ...['-keyout', path('ca.key'), '-out', path('ca.crt')],
  ]);

  return {
    certificateFile: path('ca.crt'),
    certificate: await readFile(path('ca.crt'), 'utf8'),
    async issue(name, { commonName, organizations = [], usage, subjectAltNames = [] }) {
      const subject = [...organizations.map((each) => ['O', each]), ['CN', commonName]]
        .map(([key, value = '']) => `/${key}=${value.replaceAll(/[\\/+]/g, String.raw`\$&`)}`)
        .join('');
      const extensions = [`extendedKeyUsage=${usage}`];
      if (subjectAltNames.length > 0) extensions.push(`subjectAltName=${subjectAltNames.join(',')}`);
      const [key, request, certificate] = ['key', 'csr', 'crt'].map((extension) =>
        path(`${name}.${extension}`),
      );
      const files = { certificateFile: certificate ?? '', keyFile: key ?? '' };
      await writeFile(path(`${name}.ext`), `${extensions.join('\n')}\n`);
      await execute('openssl', [
        ...['req', '-new', '-utf8', ...newKey, '-subj', subject],
        ...['-keyout', files.keyFile, '-out', request ?? ''],
      ]);
      await execute('openssl', [
        ...['x509', '-req', '-in', request ?? '', '-days', '1', '-extfile', path(`${name}.ext`)],
        ...['-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-out', files.certificateFile],
        // Not from a file with the last number: several certificates may be issued at a time.
        ...['-set_serial', `0x01${randomBytes(15).toString('hex')}`],
      ]);
      return files;
    },
  };
}
