// Tables: cells with their lines, and what is wrong with a file told as file, line and column.
import { expect, test } from 'vitest';
import { numberCell, readTable, textCell } from '../../src/formats/csv.ts';
import { DataError } from '../../src/errors.ts';

const table = (text: string) => readTable(new TextEncoder().encode(text), 't.csv');

test('a table with BOM, CRLF, blanks, quotes and empty lines is read', () => {
  const { columns, rows, lines } = table('\ufeffa, b ,"c, d"\r\n1,2,"x ""y"""\r\n\r\n 3 ,4,z\r\n');
  expect(columns).toEqual(['a', 'b', 'c, d']);
  expect(rows).toEqual([
    ['1', '2', 'x "y"'],
    ['3', '4', 'z'],
  ]);
  expect(lines).toEqual([2, 4]);
});

test.each(['1', '-1.5', '+2.', '.25', '1e3', '-1.5E-7', '0'])('%s is a number', (text) => {
  expect(numberCell(table(`a\n${text}`), 0, 0)).toBe(Number(text));
});

test.each([
  ['abc', 'holds "abc", expected a number'],
  ['0x10', 'holds "0x10", expected a number'],
  ['1 000', 'expected a number'],
  ['1e', 'expected a number'],
  ['nan', 'is nan. Only finite numbers'],
  ['-Infinity', 'is -Infinity. Only finite numbers'],
  ['inf', 'is inf. Only finite numbers'],
  ['1e39', 'holds 1e39, beyond what float32 can hold'],
  ['""', 'is empty'],
])('the cell %s is refused with file, line and column', (cell, message) => {
  const faulty = table(`x,width\n1,2\n3,${cell}\n`);
  expect(() => numberCell(faulty, 1, 1)).toThrow(DataError);
  expect(() => numberCell(faulty, 1, 1)).toThrow(/^t\.csv:3: column "width" /);
  expect(() => numberCell(faulty, 1, 1)).toThrow(message);
});

test('an empty text cell is refused', () => {
  expect(() => textCell(table('a,b\n1,\n'), 0, 1)).toThrow('t.csv:2: column "b" is empty');
});

test.each([
  ['a,b\n', 't.csv: needs a header line'],
  ['', 't.csv: needs a header line'],
  ['1,2\n3,4\n', 't.csv:1: holds numbers only'],
  ['a,,c\n1,2,3\n', 't.csv:1: column 2 has no name'],
  ['a,b,a\n1,2,3\n', 't.csv:1: the column name "a" occurs twice'],
  ['a;b\n1;2\n', 't.csv:1: has no commas'],
  ['a,b\n1,2\n3\n', 't.csv:3: has 1 cell, the header names 2 columns'],
  ['a,b\n1,2,3\n', 't.csv:2: has 3 cells, the header names 2 columns'],
  [
    'a,b\n1,"2\n',
    't.csv: is no readable CSV: Quote Not Closed: the parsing is finished with an opening quote at line 2. ' +
      'Close every quote that is opened, and write a quote inside a quoted cell twice.',
  ],
  ['a,b\n1,x"2\n', 'value is "x". Close every quote'],
])('the table %j is refused', (text, message) => {
  expect(() => table(text)).toThrow(DataError);
  expect(() => table(text)).toThrow(message);
});

test.each([
  ['no text', Uint8Array.of(0xff, 0xfe, 0x61)],
  ['UTF-16 text', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')],
  ['UTF-16 text without a byte order mark', Buffer.from('a,b\n1,2\n', 'utf16le')],
])('bytes that are %s are refused', (_, bytes) => {
  expect(() => readTable(bytes, 't.csv')).toThrow(
    't.csv: is no UTF-8 text; it may be UTF-16 or binary. Save the table as CSV in UTF-8.',
  );
});
