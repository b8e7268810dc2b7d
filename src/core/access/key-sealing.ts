import { createSealing } from '../kit/secrets/sealing.ts';

/** @param encryptionKeys the first one encrypts, all of them decrypt; may be empty */
export function createKeySealing(encryptionKeys: readonly Uint8Array[]) {
  const sealings = encryptionKeys.map((key) => createSealing(key, 'keys of guilds'));
  const [newest] = sealings;
  return {
    canSeal: newest !== undefined,
    /** Encrypts a guild's key for its id. Throws without an encryption key. */
    seal(secret: string, id: string): string {
      if (newest === undefined) throw new Error('there is no ENCRYPTION_KEY');
      return newest.seal(secret, id);
    },
    /** Null if no encryption key decrypts it. */
    unseal(sealed: string, id: string): string | null {
      for (const each of sealings) {
        const secret = each.unseal(sealed, id);
        if (secret !== null) return secret;
      }
      return null;
    },
    /** Whether the first encryption key has encrypted it. */
    isByNewest: (sealed: string, id: string): boolean => (newest?.unseal(sealed, id) ?? null) !== null,
  };
}
