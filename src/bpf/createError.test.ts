import { expect, test } from '@jest/globals';
import { BpfError } from './bpfError.ts';
import { ClosedError } from './closedError.ts';
import { createError } from './createError.ts';
import { VerifierError } from './verifierError.ts';

const refused = { errno: 1, errnoName: 'EPERM', errnoText: 'Operation not permitted' };

test('a BpfError says what was tried, why it was refused and what to do', () => {
  const error = createError('bpf', {
    ...refused,
    attempted: "create map 'counts'",
    details: ['libbpf said so'],
  });
  expect(error).toBeInstanceOf(BpfError);
  expect(error).toMatchObject({ errno: 1, errnoName: 'EPERM', attempted: "create map 'counts'" });
  expect(error.message).toMatch(
    /^cannot create map 'counts': Operation not permitted \(EPERM\); libbpf said so\. Hint: .*CAP_BPF/,
  );
});

test('a VerifierError is a BpfError that carries the log, a summary and an explanation', () => {
  const log = '2: (85) call unknown#9999\ninvalid func unknown#9999\nprocessed 1 insns (limit 1000000)\n';
  const error = createError('verifier', {
    errno: 22,
    errnoName: 'EINVAL',
    errnoText: 'Invalid argument',
    attempted: "load BPF object 'x'",
    program: 'on_open',
    log,
  });
  expect(error).toBeInstanceOf(BpfError);
  expect(error).toBeInstanceOf(VerifierError);
  expect(error).toMatchObject({ name: 'VerifierError', program: 'on_open', log });
  expect(error.message).toContain(
    "cannot load BPF object 'x': the verifier refused program 'on_open' (EINVAL): 2: (85) call unknown#9999 | invalid func unknown#9999",
  );
  expect(error.message).toContain('does not have');
});

test('a closed thing is named', () => {
  const error = createError('closed', { what: "BpfMap 'counts'" });
  expect(error).toBeInstanceOf(ClosedError);
  expect(error.message).toBe("BpfMap 'counts' is closed");
});

test('a refused argument is a TypeError', () => {
  const error = createError('argument', { message: 'BpfMap.lookup: key must be 4 bytes, not 3' });
  expect(error).toBeInstanceOf(TypeError);
});
