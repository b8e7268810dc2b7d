import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../../src/app/config/environment.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the environment', () => {
  it.each([
    ['"sk-or-1"', 'sk-or-1'],
    ["'sk-or-1'", 'sk-or-1'],
    ['"two\nlines"', 'two\nlines'],
    ['"', '"'],
    ['"sk-or-1\'', '"sk-or-1\''],
    ['{"order":["a"]}', '{"order":["a"]}'],
    ['', ''],
  ])('is read without the quotes that stand around a value: %j', async (given, read) => {
    vi.stubEnv('OPENROUTER_API_KEY', given);
    expect((await readEnvironment()).variables['OPENROUTER_API_KEY']).toBe(read);
  });

  it('names proxies in capitals, and prefers those that are named so', async () => {
    vi.stubEnv('https_proxy', 'http://lower:1');
    vi.stubEnv('no_proxy', '.lower');
    vi.stubEnv('NO_PROXY', '.upper');
    const { variables } = await readEnvironment();
    expect(variables).toMatchObject({ HTTPS_PROXY: 'http://lower:1', NO_PROXY: '.upper' });
    expect(Object.keys(variables).filter((name) => /^[a-z]+_proxy$/.test(name))).toEqual([]);
  });
});
