import { helmBinary } from './binaries/helmBinary.ts';
import { kubernetesBinaries } from './binaries/kubernetesBinaries.ts';

/** Before any cluster test, so that building what they run (minutes, once) counts against no test's time. */
export default async function globalSetup(): Promise<void> {
  const say = (line: string): void => {
    console.error(line);
  };
  await kubernetesBinaries(say);
  await helmBinary(say);
}
