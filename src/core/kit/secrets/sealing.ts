import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

export type Sealing = ReturnType<typeof createSealing>;

/**
 * Encrypts secrets for the store (AES-256-GCM). Every process with the same key material and purpose can open them.
 *
 * @param from key material with at least 128 bits of randomness; it is not stretched
 * @param purpose separates keys: a secret that is sealed for one purpose does not open for another
 */
export function createSealing(from: string | Uint8Array, purpose: string) {
  const key = new Uint8Array(hkdfSync('sha256', from, '', `parley ${purpose}`, 32));
  return {
    /** @param about the owner of the secret; it opens only with the same value */
    seal(secret: string, about: string): string {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    /** Null if it was sealed with another key or for another owner, or was changed. */
    unseal(sealed: string, about: string): string | null {
      const bytes = Buffer.from(sealed, 'base64url');
      const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(about))
          .setAuthTag(tag);
        return (
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        return null;
      }
    },
  };
}
