import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, describe, expect, test } from '@jest/globals';
import { KernelFeatures, type FeatureName } from '../../src/bpf/index.ts';
import { compilePoint } from '../../src/probe/compilePoint.ts';
import type { PointPlan } from '../../src/probe/plan.ts';
import { PlanError } from '../../src/probe/resolve/planError.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { trace, type Trace } from '../../src/testing/index.ts';

const kernel = runningKernel();
const features = new KernelFeatures();
afterAll(() => {
  kernel[Symbol.dispose]();
  features.close();
});

/** Tests of what this kernel has; of what it has not, the reason is printed. */
const where = (feature: FeatureName): typeof describe.skip => {
  const { supported, reason } = features.probe(feature);
  if (!supported) console.log(`tests that need ${feature} are left out here: ${reason ?? ''}`);
  return supported ? describe : describe.skip;
};

/** One of so many is compiled: enough to meet every kind of field, and quick in a VM without KVM. */
const EVERY = 7;

function compile(attach: string, filter?: string): PointPlan {
  return compilePoint(
    { name: 'p', attach, ...(filter !== undefined && { filter }) },
    ['spec', 'points', 0],
    kernel,
  );
}

function probe(attach: string, capture: string, filter = `pid == ${process.pid}`): Trace {
  return trace(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: compiled }
spec:
  points:
  - name: point
    attach: ${attach}
    capture: [${capture}]
    filter: '${filter}'
`);
}

test('tracepoints of this kernel compile, and no field reaches beyond its record', () => {
  const tracepoints = kernel.tracefs.tracepoints().filter((name) => !/^(ftrace|header_)/.test(name));
  expect(tracepoints.length).toBeGreaterThan(100);
  for (const full of tracepoints.filter((_, index) => index % EVERY === 0)) {
    const [category = '', name = ''] = full.split('/');
    const fields = kernel.tracefs.format(category, name)?.fields ?? [];
    const end = Math.max(8, ...fields.map(({ offset, size }) => offset + size));
    for (const { value } of compile(`tracepoint/${full}`).fields) {
      const reach = (value.steps[0] ?? value.offset) + (value.steps.length > 0 ? 8 : value.size);
      expect({ full, inside: reach <= end }).toEqual({ full, inside: true });
    }
  }
});

test('system calls of this kernel compile as pairs', () => {
  const names = kernel.tracefs.syscalls();
  expect(names.length).toBeGreaterThan(200);
  for (const name of names.filter((_, index) => index % EVERY === 0)) {
    let made: PointPlan | undefined;
    try {
      made = compile(`syscall/${name}`, 'retval < 0');
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      expect(name).toMatch(/^(execve|execveat|exit|exit_group|rt_sigreturn)$/);
    }
    for (const { value } of made?.fields ?? []) expect(value.index).toBeLessThan(6);
  }
});

test('raw tracepoints of this kernel compile', () => {
  const names = [...kernel.types.names('typedef')].flatMap(
    (name) => /^btf_trace_(.+)$/.exec(name)?.[1] ?? [],
  );
  expect(names.length).toBeGreaterThan(100);
  for (const name of names.filter((_, index) => index % EVERY === 0)) {
    for (const { value } of compile(`raw_tracepoint/${name}`).fields) expect(value.index).toBeLessThan(12);
  }
});

test('the argument of a system call is what the program passed', async () => {
  const path = '/nonexistent/compiled';
  await probe('syscall/openat', '{ name: filename }, { name: flags }, { name: dfd }')
    .during(() => {
      expect(() => openSync(path, 'r+')).toThrow();
    })
    .expectEvent({ filename: path, dfd: -100, flags: (flags: unknown) => (Number(flags) & 3) === 2 });
});

test('a filter by a string, flags and the result keeps one call of many', async () => {
  const filter = `filename == "/nonexistent/b" && retval == -2 && pid == ${process.pid}`;
  await probe('syscall/openat', '{ name: filename }, { name: retval }', filter)
    .during(() => {
      for (const name of ['a', 'b', 'bb', 'c']) expect(() => openSync(`/nonexistent/${name}`, 'r')).toThrow();
    })
    .expectCount(1, { filename: '/nonexistent/b' })
    .expectNone({ filename: '/nonexistent/bb' });
});

test('a buffer has the length that the call says', async () => {
  const capture = '{ name: data, value: args.buf, type: String, maxBytes: 64, length: args.count }';
  const file = openSync('/dev/null', 'w');
  try {
    await probe('syscall/write', capture)
      .during(() => {
        const text = Buffer.from('five!and more');
        writeSync(file, text, 0, text.length);
        writeSync(file, text, 0, 5);
      })
      .expectEvent({ data: 'five!' })
      .expectEvent({ data: 'five!and more' });
  } finally {
    closeSync(file);
  }
});

test('the address of a connect is an address', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const capture = '{ name: ip, value: args.uservaddr }, { name: to, value: args.uservaddr, type: String }';
  try {
    await probe('syscall/connect', capture)
      .during(async () => {
        const socket = createConnection(port, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
      })
      .expectEvent({ ip: '127.0.0.1', to: `127.0.0.1:${port}` });
  } finally {
    server.close();
  }
});

test('an exec has its file and arguments', async () => {
  await probe('syscall/execve', '{ name: filename }, { name: argv }', 'args.filename.endsWith("/true")')
    .during(() => {
      execFileSync('/bin/true', ['one', 'two']);
    })
    .expectEvent({ filename: '/bin/true', argv: '/bin/true one two' });
});

test('a string elsewhere in the record of a tracepoint is found', async () => {
  const capture = '{ name: filename }, { name: target, value: args.pid }';
  await probe('tracepoint/sched/sched_process_exec', capture, 'comm == "true"')
    .during(() => {
      execFileSync('/bin/true');
    })
    .expectEvent({
      filename: /\/true$/,
      target: (target: unknown) => typeof target === 'number' && target > 1,
    });
});

test('a raw tracepoint follows pointers through the kernel', async () => {
  const capture =
    '{ name: file, value: args.bprm.file }, { name: name, value: args.bprm.file.f_path.dentry.d_name }, ' +
    '{ name: who, value: args.p.comm }, { name: argc, value: args.bprm.argc }';
  await probe('raw_tracepoint/sched_process_exec', capture, 'comm == "true"')
    .during(() => {
      execFileSync('/bin/true', ['x']);
    })
    .expectEvent({ file: /\/true$/, name: /true$/, who: 'true', argc: 2 });
});

where('kprobe')('kernel functions', () => {
  test('a kprobe reads names through its arguments', async () => {
    const capture =
      '{ name: name, value: args.dentry.d_name.name }, { name: parent, value: args.dentry.d_parent.d_name }, ' +
      '{ name: path, value: args.dentry }, { name: inode, value: args.dentry.d_inode.i_ino }';
    await probe('kprobe/vfs_unlink', capture, 'comm == "rm"')
      .during(() => {
        execFileSync('sh', [
          '-c',
          'mkdir -p /tmp/traceprobe; echo > /tmp/traceprobe/compile; rm /tmp/traceprobe/compile',
        ]);
      })
      .expectEvent({
        name: 'compile',
        parent: 'traceprobe',
        path: /\/traceprobe\/compile$/,
        inode: (inode: unknown) => Number(inode) > 0,
      });
  });
});

where('fexit')('results of kernel functions', () => {
  test('a kprobe with result and duration is attached by fexit', async () => {
    const plan = compile('kprobe/vfs_read', 'retval > 0 && duration > duration("0s")');
    expect(plan.programs.map(({ object }) => object)).toEqual(['trace', 'trace']);
    const capture = '{ name: file }, { name: count }, { name: retval }, { name: duration }';
    await probe('kprobe/vfs_read', capture, 'comm == "head" && count == 7u')
      .during(() => {
        execFileSync('head', ['-c', '7', '/etc/hostname'], { stdio: 'ignore' });
      })
      .expectEvent({ file: '/etc/hostname', count: 7, duration: (ns: unknown) => Number(ns) > 0 });
  });
});

where('uprobe')('functions of a library', () => {
  test('a uprobe reads the strings of its caller', async () => {
    const libc =
      /(\/\S*libc\.so\.6)/.exec(execFileSync('ldd', ['/bin/true'], { encoding: 'utf8' }))?.[1] ?? '';
    await trace(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: getenv }
spec:
  points:
  - name: getenv
    attach: uprobe/getenv
    binary: { path: ${libc}, root: Host }
    capture: [{ name: variable, value: args.arg0, type: String }]
    filter: 'comm == "env"'
`)
      .during(() => {
        execFileSync('env', { stdio: 'ignore' });
      })
      .expectEvent({ variable: /^[A-Z_]+$/ });
  });
});
