// packages.js NAME…: installs those of these Debian packages that are missing, and says what for.
import { ensurePackages } from '../../scripts/setup/packages.js';

const reasons = {
  'busybox-static': 'is what test pods run',
  containerd: 'runs the pods of the node',
  'containernetworking-plugins': 'gives pods their network',
  debootstrap: 'makes base images where no registry has them',
  'docker-cli': 'tells docker what to do',
  'docker.io': 'builds images and runs the nodes of kind',
  gcc: 'compiles what holds the namespaces of pods',
  openssl: 'makes the certificates of the node',
  runc: 'starts their containers',
};

await ensurePackages(
  Object.fromEntries(process.argv.slice(2).map((name) => [name, reasons[name]])),
  console.error,
);
