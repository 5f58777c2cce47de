import { writeFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { CertificateAuthority, IssuedCertificate } from './certificateAuthority.ts';

/** A user of the API server, by certificate. */
export interface ClusterUser extends IssuedCertificate {
  kubeconfigFile: string;
  kubeConfig: KubeConfig;
}

/** Issues a client certificate for a user and writes a kubeconfig file with it, all below `directory`. */
export async function createClusterUser(
  authority: CertificateAuthority,
  directory: string,
  server: string,
  user: { name: string; groups: readonly string[] },
): Promise<ClusterUser> {
  const fileName = encodeURIComponent(user.name);
  const certificate = await authority.issue(`user-${fileName}`, {
    commonName: user.name,
    organizations: user.groups,
    usage: 'clientAuth',
  });
  const kubeconfigFile = `${directory}/${fileName}.kubeconfig`;
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority.certificateFile } }],
    users: [
      {
        name: user.name,
        user: { 'client-certificate': certificate.certificateFile, 'client-key': certificate.keyFile },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
    'current-context': 'test',
  };
  await writeFile(kubeconfigFile, JSON.stringify(content, null, 2));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfigFile);
  return { ...certificate, kubeconfigFile, kubeConfig };
}
