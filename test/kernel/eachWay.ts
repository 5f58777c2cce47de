import { describe } from '@jest/globals';
import type { UnlinkHooksOptions } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import { KernelFeatures } from '../../src/bpf/index.ts';
import { waysToHold } from '../../src/probe/delayedUnlink/unlinkMode.ts';

type Way = UnlinkHooksOptions['attach'];

const ways = waysHere();

function waysHere(): Way[] {
  using features = new KernelFeatures();
  const found = waysToHold(features);
  if (found.length === 0) {
    console.log(
      'nothing can be held on this kernel:',
      features.probe('lsm').reason,
      features.probe('fmodRet').reason,
    );
  }
  return found;
}

/**
 * Tests of each way to hold files; where there is none they are skipped, and it has been said why.
 * @param possible what else they need is there
 */
export function eachWay(name: string, tests: (attach: Way) => void, possible = true): void {
  if (!possible || ways.length === 0) {
    notHere(name, tests);
    return;
  }
  for (const attach of ways) {
    describe(`${name} (${attach})`, () => {
      tests(attach);
    });
  }
}

/** The better way; meant only within oneWay. */
export const [bestWay = 'fmod_ret'] = ways;

/** The same of the better way alone, where it makes no difference which. */
export function oneWay(name: string, tests: () => void): void {
  if (ways.length === 0) notHere(name, tests);
  else describe(name, tests);
}

function notHere(name: string, tests: (attach: Way) => void): void {
  describe.skip(`${name}: not on this kernel`, () => {
    tests('fmod_ret');
  });
}
