import { expect, it } from 'vitest';
import { createCleanupStack } from '../../../src/core/kit/cleanup-stack.ts';

it('lets go in the reverse order, each only when the one before is done', async () => {
  const done: string[] = [];
  const stack = createCleanupStack();
  for (const name of ['store', 'core', 'adapter']) {
    stack.add(async () => {
      done.push(`${name}…`);
      await new Promise((resolve) => setImmediate(resolve));
      done.push(name);
    });
  }
  await stack.close();
  expect(done).toEqual(['adapter…', 'adapter', 'core…', 'core', 'store…', 'store']);
});

it('tries all of it, whatever fails, and says what failed', async () => {
  const done: string[] = [];
  const stack = createCleanupStack();
  stack.add(() => done.push('first'));
  stack.add(() => {
    throw new Error('stuck');
  });
  stack.add(async () => {
    throw new Error('gone');
  });
  const closing = stack.close();
  await expect(closing).rejects.toMatchObject({
    errors: [expect.objectContaining({ message: 'gone' }), expect.objectContaining({ message: 'stuck' })],
  });
  expect(done).toEqual(['first']);
});

it('lets go once', async () => {
  let count = 0;
  const stack = createCleanupStack();
  stack.add(() => count++);
  await stack.close();
  await stack.close();
  expect(count).toBe(1);
});
