import { expect, test } from '@jest/globals';
import { fitWidths } from './fitWidths.ts';

const number = (width: number) => ({ width, needed: width, text: false });
const text = (width: number, needed = width) => ({ width, needed, text: true });

test('columns that fit keep their widths', () => {
  expect(fitWidths([number(7), text(15)], 80)).toEqual([7, 15]);
});

test('what no value needs is given up first', () => {
  expect(fitWidths([number(7), text(16, 4), text(100)], 80)).toEqual([7, 4, 65]);
});

test('the widest text gives way first', () => {
  expect(fitWidths([number(7), text(15), text(100)], 80)).toEqual([7, 15, 54]);
});

test('equally wide texts give way alike', () => {
  expect(fitWidths([text(50), text(50)], 62)).toEqual([30, 30]);
});

test('numbers are never cut', () => {
  expect(fitWidths([number(30), text(20)], 30)).toEqual([30, 8]);
});

test('without a limit one long value does not push the others away', () => {
  expect(fitWidths([number(7), text(60_000)], undefined)).toEqual([7, 48]);
});
