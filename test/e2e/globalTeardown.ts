/** Ends what globalSetup.ts began. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.endE2eCluster?.();
}
