import { KindCluster } from './kindCluster.ts';

declare global {
  var endE2eCluster: (() => Promise<void>) | undefined;
}

/** One cluster for all files, each of which leaves it as it was; one that runs already is used as it is. */
export default async function globalSetup(): Promise<void> {
  if (KindCluster.isRunning) return;
  const cluster = await KindCluster.start();
  globalThis.endE2eCluster = async () => {
    await cluster[Symbol.asyncDispose]();
  };
}
