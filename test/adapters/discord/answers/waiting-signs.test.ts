import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createWaitingSigns } from '../../../../src/adapters/discord/answers/waiting-signs.ts';
import { createRest } from '../../../../src/adapters/discord/rest/rest.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { createTasks } from '../../../../src/core/kit/scheduling/tasks.ts';
import { createFakeDiscord } from '../../../support/discord/fake-discord.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

/** How long Discord shows typing (https://docs.discord.com/developers/resources/channel#trigger-typing-indicator). */
const SHOWN_MS = 10_000;

async function setUp() {
  const clock = createFakeClock();
  const discord = await createFakeDiscord({ clock });
  const { id: channelId } = discord.guild().channel();
  const { apiUrl, token } = discord;
  const rest = createRest({ apiUrl, token, fetch, clock, limiters: createWriteLimiters(clock) });
  const tasks = createTasks(pino({ level: 'silent' }));
  return { clock, discord, channelId, tasks, signs: createWaitingSigns(rest, clock, tasks) };
}

it('renews typing before Discord stops showing it, and no more once the text is there', async () => {
  const { clock, discord, channelId, tasks, signs } = await setUp();
  const sign = signs.of({ channelId, messageId: null });
  /** The request is over, and what is pending is the pause before the next. */
  const shown = (times: number) =>
    discord.until(() => discord.typing.length === times && clock.pending === 1);

  // The limiters save nothing up before they begin.
  await clock.advance(1_000);
  sign.show('working');
  await shown(1);
  await clock.advance(SHOWN_MS - 1);
  await shown(2);
  await clock.advance(SHOWN_MS - 1);
  await shown(3);
  sign.show('idle');
  await tasks.settled();
  await clock.advance(10 * SHOWN_MS);
  expect(discord.typing).toHaveLength(3);
  await discord.close();
});

it('shows typing until the last of several answers in a channel has its text', async () => {
  const { clock, discord, channelId, tasks, signs } = await setUp();
  const [one, two] = [null, null].map((messageId) => signs.of({ channelId, messageId }));
  const shown = (times: number) =>
    discord.until(() => discord.typing.length === times && clock.pending === 1);

  await clock.advance(1_000);
  one?.show('working');
  two?.show('working');
  await shown(1);
  one?.show('idle');
  await clock.advance(SHOWN_MS - 1);
  await shown(2);
  two?.show('idle');
  await tasks.settled();
  await discord.close();
});
