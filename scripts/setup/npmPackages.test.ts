import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNpmPackages } from './npmPackages.js';

let root: string;
let lock: string;
let installs: number;
const say = () => undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'traceprobe-npm-'));
  lock = join(root, 'package-lock.json');
  writeFileSync(lock, 'the lock');
  installs = 0;
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function install(): boolean {
  installs++;
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  return true;
}

test('packages are installed once for a lock, and again for another', () => {
  ensureNpmPackages(root, say, install);
  ensureNpmPackages(root, say, install);
  expect(installs).toBe(1);
  writeFileSync(lock, 'another lock');
  ensureNpmPackages(root, say, install);
  expect(installs).toBe(2);
});

test('a lock that npm would change is refused every time, and stays as it was', () => {
  const changing = () => {
    install();
    writeFileSync(lock, 'changed');
    return true;
  };
  const attempt = () => {
    ensureNpmPackages(root, say, changing);
  };
  expect(attempt).toThrow('package.json asks for other packages than package-lock.json has');
  expect(readFileSync(lock, 'utf8')).toBe('the lock');
  expect(attempt).toThrow('package.json');
  expect(installs).toBe(2);
});

test('a failed installation is tried again the next time', () => {
  const failing = () => {
    install();
    return false;
  };
  expect(() => {
    ensureNpmPackages(root, say, failing);
  }).toThrow('npm could not install');
  ensureNpmPackages(root, say, install);
  expect(installs).toBe(2);
});
