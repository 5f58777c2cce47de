import { setFlagsFromString } from 'node:v8';

/**
 * For processes that sit beside what they trace. Their events are garbage as soon as they are printed or shipped; V8
 * would let 50 MB of it gather before it looks, and collecting a small nursery more often costs no measurable time.
 */
export function smallNursery(): void {
  setFlagsFromString('--max-semi-space-size=2');
  setFlagsFromString('--semi-space-growth-factor=1');
}
