import fc from 'fast-check';

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

/**
 * The unit for strings of any characters. The same as fast-check's `binary`, which takes more than a second of CPU in each
 * process for a table of all of them.
 */
export const codePoint = fc.nat(0x10ffff - SURROGATES).map(
  (index) => String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES),
  (char) => {
    if (typeof char !== 'string' || !/^\P{Surrogate}$/u.test(char)) throw new TypeError('not one character');
    const point = char.codePointAt(0) ?? 0;
    return point < FIRST_SURROGATE ? point : point - SURROGATES;
  },
);
