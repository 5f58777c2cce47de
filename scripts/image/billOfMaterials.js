// What an image is made of, as a CycloneDX document. Runs on the Node of the image, while that is built.
import { Buffer } from 'node:buffer';

/**
 * @param version of TraceProbe
 * @param lock package-lock.json: what is not for development only is in the image
 * @param debian texts as `dpkg-query -s PACKAGE` prints them
 * @param epoch seconds since 1970 that the document is dated
 */
export function billOfMaterials({ version, lock, debian, epoch }) {
  const components = [...npmPackages(lock), ...debian.map((status) => debianPackage(fields(status)))].sort(
    (one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1),
  );
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: { type: 'container', name: 'traceprobe', version },
    },
    components,
  };
}

function npmPackages(lock) {
  const byUrl = new Map();
  for (const [path, { version, license, dev, optional, integrity, link }] of Object.entries(lock.packages)) {
    const name = path.split('node_modules/').at(-1);
    if (path === '' || link || dev || (optional && !runsHere(name))) continue;
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    byUrl.set(purl, {
      ...{ type: 'library', 'bom-ref': purl, name, version, purl },
      ...(license && { licenses: [{ expression: license }] }),
      ...(integrity && { hashes: [hashOf(integrity)] }),
    });
  }
  return [...byUrl.values()];
}

/** Of optional packages, which are for one platform each, those of this one. */
function runsHere(name) {
  const platform = /linux|darwin|win32|freebsd|android/.exec(name);
  return platform === null || (name.includes(`linux-${process.arch}`) && !name.includes('musl'));
}

/** From npm's form (sha512-BASE64) to CycloneDX's. */
function hashOf(integrity) {
  const [algorithm, digest] = integrity.split(' ')[0].split('-');
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') };
}

function fields(status) {
  return Object.fromEntries([...status.matchAll(/^(\S+): (.*)$/gm)].map(([, name, value]) => [name, value]));
}

function debianPackage({ Package: name, Version: version, Architecture: arch }) {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}
