import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are equal. Takes the same time wherever they differ, so that nobody can find one piece by piece. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** Has the same length for all secrets. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
