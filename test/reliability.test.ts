import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const rows = readFileSync('docs/reliability.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, fault = '', test] = /^\| (.+?) \| .* \| (`test\/.*) \|$/.exec(line) ?? [];
    return test === undefined ? [] : [{ fault, test }];
  });

describe('docs/reliability.md', () => {
  it('has a test for each of its faults', () => {
    const faults = readFileSync('docs/reliability.md', 'utf8').match(/^\| (?!\*\*|fault|-)/gm) ?? [];
    expect(rows.length).toBeGreaterThan(40);
    expect(rows).toHaveLength(faults.length);
  });

  it.each(rows)('names a test that there is: $fault', ({ test }) => {
    const [, path = '', name = ''] = /^`(.+?)`: (.+)$/.exec(test) ?? [];
    expect(readFileSync(path, 'utf8')).toContain(name);
  });
});
