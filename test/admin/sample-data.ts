import { randomUUID } from 'node:crypto';
import { createGuildNames } from '../../src/core/access/guild-names.ts';
import { usageRecord } from '../../src/core/ledger/usage.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import { UNLIMITED_GUILD } from '../../src/core/ports/limits.ts';
import type { TestBot } from '../support/test-bot.ts';

const DAY_MS = 86_400_000;

const GUILDS: readonly (readonly [GuildId, string, number])[] = [
  ['discord:81384788765712384', 'Schachklub Sankt Georgen an der Gusen, Abteilung Jugend', 9],
  ['slack:T012AB3CD', 'Example Industries', 14],
  ['discord:197038439483310086', '囲碁クラブ', 4],
  ['discord:dm:80351110224678912', '', 1],
];
const MODELS = [
  ['openai/gpt-4o-mini', 400_000],
  ['anthropic/claude-3.5-sonnet', 9_000_000],
  ['meta-llama/llama-3.2-3b-instruct:free', 0],
] as const;
const PEOPLE = [
  'Mia',
  'Ben Okonkwo',
  'עדה',
  'a-person-with-a-very-long-name-and-no-space-in-it-at-all',
  'Zoë',
];

/** A month of an installation that is used: guilds with names, grants, keys, limits, costs, and some that are open. */
export async function fillStore({ store, services, ledger }: TestBot): Promise<void> {
  const nowMs = services.clock.now();
  await createGuildNames(store).keep(
    new Map(GUILDS.filter(([, name]) => name !== '').map(([id, name]) => [id, name])),
  );
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed % below;
  };
  for (let day = 0; day < 30; day++) {
    for (const [guild, , busy] of GUILDS) {
      await services.outcomes.append(
        guild,
        nowMs - day * DAY_MS,
        MODELS.map(([model, cost]) => ({
          model,
          provider: 'openrouter',
          answers: busy,
          failures: random(4) === 0 ? { timeout: 1, ...(day === 3 && { no_credit: 2 }) } : {},
          firstTextMs: Array.from({ length: busy }, () => 300 + random(900) + (cost > 1_000_000 ? 1_500 : 0)),
        })),
      );
      await services.feedback.append({
        guild,
        user: '7',
        userName: 'Mia',
        atMs: nowMs - day * DAY_MS,
        answer: `answer ${day} ${guild}`,
        model: MODELS[random(MODELS.length)]?.[0] ?? '',
        verdict: random(4) === 0 ? 'bad' : 'good',
        bill: { costNanoUsd: 2_000_000, payer: 'operator' },
      });
      const count = day % 7 === 5 ? 1 : busy - random(busy);
      for (let index = 0; index < count; index++) {
        const [model, cost] = MODELS[random(MODELS.length)] ?? MODELS[0];
        const person = random(PEOPLE.length);
        await store.records.append(
          usageRecord({
            id: randomUUID(),
            guild,
            user: guild.startsWith('slack:') ? `T012AB3CD/U0${person}` : `8035111022467890${person}`,
            userName: PEOPLE[person] ?? '',
            atMs: nowMs - day * DAY_MS,
            model,
            provider: 'openrouter',
            payer: 'operator',
            costNanoUsd: cost + (cost === 0 ? 0 : random(5_000_000)),
            promptTokens: 300 + random(2_000),
            completionTokens: 50 + random(900),
            basis: 'provider',
          }),
        );
      }
    }
  }
  const [first, second] = GUILDS.map(([id]) => id);
  if (first === undefined || second === undefined) throw new TypeError('there are guilds');
  const by = 'discord:80351110224678912';
  await services.guilds.grant(first, {
    tier: 'premium',
    expiresAtMs: Date.UTC(2999, 0),
    reason: 'a year for the club',
    by,
    replacesDefault: false,
  });
  await services.ownKeys.connect(
    second,
    'openrouter',
    'sk-or-v1-0123456789abcdef-9f3c',
    { by },
    AbortSignal.timeout(5_000),
  );
  await services.limits.change({
    guild: first,
    layer: 'operator',
    limit: 'nanoUsdPerGuildPerDay',
    most: 7_500_000_000,
    by,
  });
  await services.limits.change({
    guild: first,
    layer: { user: '80351110224678901' },
    limit: 'requestsPerUserPerDay',
    most: 20,
    by,
  });
  await services.limits.change({
    guild: first,
    layer: 'guild',
    limit: 'nanoUsdPerUserPerDay',
    most: 250_000_000,
    by,
  });
  for (const guild of [first, second]) {
    await ledger.reserve({
      id: randomUUID(),
      guild,
      user: '80351110224678901',
      userName: 'Mia',
      model: 'anthropic/claude-3.5-sonnet',
      provider: 'openrouter',
      payer: 'operator',
      worstNanoUsd: 123_400_000,
      limits: UNLIMITED_GUILD,
    });
  }
}
