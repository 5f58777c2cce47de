import { Refusal } from './refusal.js';

/** Ring buffer, dynptr, task storage and cookies as our programs use them are in every kernel from here on. */
const oldestKernel = [6, 1];
const oldestNode = 20;

/**
 * Throws a Refusal when TraceProbe cannot run here at all.
 * `platform` and `nodeVersion` as process has them, `release` as `uname -r` says it.
 */
export function checkSystem({ platform, release, nodeVersion }) {
  if (platform !== 'linux') {
    throw new Refusal(
      `it traces a Linux kernel, and this is ${platform}`,
      'Run it on Linux 6.1 or later, for example in a virtual machine.',
    );
  }
  const [major, minor] = release.split('.').map((number) => Number.parseInt(number, 10));
  if (major < oldestKernel[0] || (major === oldestKernel[0] && minor < oldestKernel[1])) {
    throw new Refusal(
      `it needs Linux ${oldestKernel.join('.')} or later, and this is ${release}`,
      'Boot a newer kernel: Debian 12, Ubuntu 24.04 and whatever came after them have one.',
    );
  }
  if (Number.parseInt(nodeVersion, 10) < oldestNode) {
    throw new Refusal(
      `it needs Node ${oldestNode} or later, and this is Node ${nodeVersion}`,
      'Install a newer Node, for example from https://nodejs.org/en/download.',
    );
  }
}
