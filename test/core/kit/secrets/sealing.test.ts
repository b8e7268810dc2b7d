import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealing } from '../../../../src/core/kit/secrets/sealing.ts';

const key = randomBytes(32);
const sealing = createSealing(key, 'tests');

describe('what is sealed', () => {
  it('opens for what it belongs to, in every process with the same key', () => {
    const sealed = sealing.seal('sk-secret', 'discord:1/openai');
    expect(createSealing(key, 'tests').unseal(sealed, 'discord:1/openai')).toBe('sk-secret');
  });

  it('says nothing of what is in it, and differs each time', () => {
    const sealed = sealing.seal('sk-secret', 'a');
    expect(Buffer.from(sealed, 'base64url').includes('secret')).toBe(false);
    expect(sealing.seal('sk-secret', 'a')).not.toBe(sealed);
  });

  it('opens for nothing else, with no other key, and for no other purpose', () => {
    const sealed = sealing.seal('sk-secret', 'discord:1/openai');
    expect(sealing.unseal(sealed, 'discord:2/openai')).toBeNull();
    expect(createSealing(randomBytes(32), 'tests').unseal(sealed, 'discord:1/openai')).toBeNull();
    expect(createSealing(key, 'others').unseal(sealed, 'discord:1/openai')).toBeNull();
  });

  it('does not open with a part of its tag, though nothing is in it', () => {
    const bytes = Buffer.from(sealing.seal('', 'a'), 'base64url');
    for (const at of bytes.keys())
      expect(sealing.unseal(bytes.subarray(0, at).toString('base64url'), 'a'), String(at)).toBeNull();
  });

  it('does not open where a byte of it is another one, or it is cut', () => {
    const sealed = sealing.seal('sk-secret', 'a');
    const bytes = Buffer.from(sealed, 'base64url');
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(sealing.unseal(changed.toString('base64url'), 'a'), String(at)).toBeNull();
      expect(sealing.unseal(bytes.subarray(0, at).toString('base64url'), 'a')).toBeNull();
    }
  });
});
