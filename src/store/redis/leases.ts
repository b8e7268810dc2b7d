import { type RedisConnection, script } from './connection.ts';

/**
 * What an owner holds: `leases` has ids by the end of their lease, `owners` has members `owner NUL id`, all with one
 * score, so that an owner's stand together.
 */
export interface LeaseKeys {
  readonly leases: string;
  readonly owners: string;
}

const RENEW = script(`
local owners, leases = unpack(KEYS)
local owner, lease = unpack(ARGV)
local mine = redis.call('ZRANGEBYLEX', owners, '[' .. owner .. '\\0', '(' .. owner .. '\\1')
for _, member in ipairs(mine) do redis.call('ZADD', leases, lease, string.sub(member, #owner + 2)) end
`);

export async function renewLeases(
  { runScript }: RedisConnection,
  { leases, owners }: LeaseKeys,
  owner: string,
  leaseUntilMs: number,
): Promise<void> {
  await runScript(RENEW, [owners, leases], [owner, leaseUntilMs]);
}
