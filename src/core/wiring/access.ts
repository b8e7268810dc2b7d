import { createAuditLog } from '../access/audit.ts';
import { createGuilds } from '../access/guilds.ts';
import { createKeyStore } from '../access/key-store.ts';
import { createKeyWarnings } from '../access/key-warnings.ts';
import { createOwnKeys } from '../access/own-keys.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { createRoles } from '../ports/actor.ts';
import type { CoreOptions } from './options.ts';

/** The services for permissions and keys. */
export type Access = ReturnType<typeof wireAccess>;

export function wireAccess(
  { store, access, platforms: { tellAdmins }, clock, log }: CoreOptions,
  { once }: Coordination,
) {
  const { encryptionKeys, ownKeyProviders: providers, defaultTier, outsiderTier, skuTiers } = access;
  const keys = createKeyStore({ store, encryptionKeys, clock });
  const onFailure = createKeyWarnings({ once, tellAdmins, clock });
  return {
    audit: createAuditLog(store.records),
    guilds: createGuilds({ store, clock, keys, defaultTier, outsiderTier, skuTiers }),
    ownKeys: createOwnKeys({ keys, providers, onFailure, clock, log }),
    roles: createRoles(access.operators),
  };
}
