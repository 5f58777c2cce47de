// Installs the Debian packages of a host node that are missing, and says what for.
import { ensurePackages } from '../../scripts/setup/packages.js';

await ensurePackages(
  {
    'busybox-static': 'is what test pods run',
    containerd: 'runs the pods of the node',
    'containernetworking-plugins': 'gives pods their network',
    gcc: 'compiles what holds the namespaces of pods',
    openssl: 'makes the certificates of the node',
    runc: 'starts their containers',
  },
  console.error,
);
