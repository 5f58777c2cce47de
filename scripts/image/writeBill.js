// writeBill.js ROOT BUILT EPOCH: the image's bill of materials, of its root file system ROOT and the built repository
// BUILT, on standard output. Run by the Dockerfile.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './billOfMaterials.js';

const [root = '', built = '', epoch = '0'] = process.argv.slice(2);
const statuses = join(root, 'var/lib/dpkg/status.d');
const json = (file) => JSON.parse(readFileSync(join(built, file), 'utf8'));
const bill = billOfMaterials({
  version: json('package.json').version,
  lock: json('package-lock.json'),
  debian: readdirSync(statuses).map((name) => readFileSync(join(statuses, name), 'utf8')),
  epoch: Number(epoch),
});
console.log(JSON.stringify(bill, undefined, 2));
