import { type AuditLog, createAuditLog } from '../access/audit.ts';
import { createGuilds, type Guilds } from '../access/guilds.ts';
import { createKeyStore } from '../access/key-store.ts';
import { createKeyWarnings } from '../access/key-warnings.ts';
import { createOwnKeys, type OwnKeys } from '../access/own-keys.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { createRoles, type Roles } from '../ports/actor.ts';
import type { CoreOptions } from './options.ts';

/** The services for permissions and keys. */
export interface Access {
  readonly audit: AuditLog;
  readonly guilds: Guilds;
  readonly ownKeys: OwnKeys;
  readonly roles: Roles;
}

export function wireAccess(
  { store, access, platforms: { tellAdmins }, clock, log }: CoreOptions,
  { locks, once }: Coordination,
): Access {
  const { encryptionKeys, ownKeyProviders: providers, defaultTier, outsiderTier, skuTiers } = access;
  const audit = createAuditLog(store.records);
  const keys = createKeyStore({ store, encryptionKeys, clock });
  const onFailure = createKeyWarnings({ once, tellAdmins, clock });
  return {
    audit,
    guilds: createGuilds({ store, clock, audit, keys, defaultTier, outsiderTier, skuTiers }),
    ownKeys: createOwnKeys({ keys, providers, locks, audit, onFailure, clock, log }),
    roles: createRoles(access.operators),
  };
}
