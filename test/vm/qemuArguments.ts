/** What a virtual machine is made of; paths are the host's. */
export interface Machine {
  image: string;
  initramfs: string;
  kernelArgs: readonly string[];
  memoryMiB: number;
  cpus: number;
  /** File that the kernel's console is written to. */
  consoleLog: string;
  /** Directories shared read-write, by tag. */
  shares: Readonly<Record<string, string>>;
  /** tcg emulates the processor: about 16 times slower than kvm, but works everywhere. */
  accelerator: 'tcg' | 'kvm';
}

/**
 * Emulated, `rep movsb` copies a byte at a time and a fifth level of page tables lengthens every miss: a kernel that
 * may use neither boots and runs in two thirds of the time.
 *
 * Its processors take turns in one thread: in threads of their own, one may run a translation of code that another has
 * just patched, and meets a breakpoint that is no longer there (seen as "Oops: int3" in a dispatcher's tail call, as
 * soon as programs are attached and updated under load). Two machines run at a time, so that nothing is left idle.
 */
const emulation = ['-accel', 'tcg,thread=single', '-cpu', 'max,-erms,-fsrm,-la57'];

/**
 * Arguments of qemu-system-x86_64. The command's output comes on qemu's standard output (virtio port "output"), the
 * kernel's console goes to a file.
 */
export function qemuArguments(machine: Machine): string[] {
  const kernelArgs = [
    'console=ttyS0',
    'quiet',
    // An oops ends the run: what comes after it proves nothing. -no-reboot makes the restart an exit.
    'oops=panic',
    'panic=-1',
    // On a busy host an emulated timer is late, which must neither stop the boot nor discredit the clock.
    'no_timer_check',
    'tsc=reliable',
    'lsm=lockdown,bpf',
    ...machine.kernelArgs,
  ];
  return [
    ...(machine.accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'max'] : emulation),
    ...['-smp', String(machine.cpus), '-m', `${machine.memoryMiB}M`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', machine.image, '-initrd', machine.initramfs, '-append', kernelArgs.join(' ')],
    ...['-serial', `file:${machine.consoleLog}`],
    ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=output,signal=off'],
    ...['-device', 'virtserialport,chardev=output,name=output'],
    ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
    // The root spans several file systems here; remap keeps their inode numbers apart.
    ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ...Object.entries(machine.shares).flatMap(([tag, path]) => [
      '-virtfs',
      `local,path=${path},mount_tag=${tag},security_model=none`,
    ]),
  ];
}
