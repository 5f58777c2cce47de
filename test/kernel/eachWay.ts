import { describe } from '@jest/globals';
import type { UnlinkHooksOptions } from '../../src/agent/delayedUnlink/unlinkHooks.ts';

type Way = UnlinkHooksOptions['attach'];

/** Tests of each way to hold files; where there is none (waysToHold has said why) they are skipped. */
export function eachWay(ways: Way[], name: string, tests: (attach: Way) => void): void {
  if (ways.length === 0) {
    describe.skip(`${name}: not on this kernel`, () => {
      tests('fmod_ret');
    });
  }
  for (const attach of ways) {
    describe(`${name} (${attach})`, () => {
      tests(attach);
    });
  }
}
