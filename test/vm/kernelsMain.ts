// See scripts/kernels.js.
import { cacheDirectory } from './cacheDirectory.ts';
import { provideInitramfs } from './initramfs.ts';
import { kernelNames, provideKernel } from './kernels.ts';

const asked = process.argv.slice(2);
try {
  for (const name of asked.length > 0 ? asked : kernelNames) {
    const kernel = await provideKernel(name, cacheDirectory(), (line) => {
      console.error(line);
    });
    await provideInitramfs(kernel);
    console.log(`${name}\t${kernel.release}\t${kernel.image}`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
