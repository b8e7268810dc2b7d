import type { Once } from '../coordination/once.ts';
import type { Clock } from '../kit/time/clock.ts';
import { placeOf } from '../ports/actor.ts';
import type { TellAdmins } from '../ports/adapter.ts';
import { keyProviderName } from '../ports/tiers.ts';
import type { KeyFailure } from './own-keys.ts';

const DAY_MS = 86_400_000;

/** Tells a guild's admins that one of their keys began to fail, at most once a day for a key that works on and off. */
export function createKeyWarnings({
  once,
  tellAdmins,
  clock,
}: {
  readonly once: Once;
  readonly tellAdmins: TellAdmins;
  readonly clock: Clock;
}): (failure: KeyFailure) => void {
  return ({ guild, provider, lastFour, connectedAtMs, fault }) => {
    const day = Math.floor(clock.now() / DAY_MS);
    const id = `key-warning/${JSON.stringify([guild, provider, connectedAtMs, day])}`;
    const name = keyProviderName(provider);
    const what =
      fault === 'bad_key'
        ? `${name} rejects the API key …${lastFour} that was connected in ${placeOf(guild)}. Connect a new one with \`/connect\`, or remove it with \`/disconnect\`.`
        : `The ${name} account of the API key …${lastFour} that was connected in ${placeOf(guild)} has run out of credit. Top it up (the key is tried again within an hour), or connect another one with \`/connect\`.`;
    const text = `**An API key stopped working.** ${what} Until then, only models that the operator pays for are available.`;
    once.do(id, (day + 1) * DAY_MS, 'warn of a key that fails', async (signal) => {
      await tellAdmins(guild, { text }, signal);
    });
  };
}
