import { expect, test } from '@jest/globals';
import { chooseMirror } from './debianArchive.ts';

test("the mirror is the one of this machine's Debian sources", () => {
  const targets = [
    'Debian|Debian-Security|http://mirror.example/debian-security/',
    'Example|Example|http://packages.example/',
    'Debian|Debian|http://mirror.example/debian/',
  ].join('\n');
  expect(chooseMirror(targets)).toBe('http://mirror.example/debian');
});

test("a machine without Debian sources uses Debian's own address", () => {
  expect(chooseMirror('Ubuntu|Ubuntu|http://archive.ubuntu.example/ubuntu/')).toBe(
    'http://deb.debian.org/debian',
  );
});
