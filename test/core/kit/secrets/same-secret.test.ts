import { expect, it } from 'vitest';
import { isSameSecret } from '../../../../src/core/kit/secrets/same-secret.ts';

it.each([
  ['of-one', 'of-one', true],
  ['of-one', 'of-two', false],
  ['of', 'of-one', false],
  ['', 'of-one', false],
  ['ключ', 'ключ', true],
])('%j is %j: %s', (given, expected, isSame) => {
  expect(isSameSecret(given, expected)).toBe(isSame);
});
