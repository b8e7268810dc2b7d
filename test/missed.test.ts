import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Clock, clockOf, systemClock } from '../src/core/kit/time/clock.ts';
import { createFakeDiscord } from './support/discord/fake-discord.ts';
import { openGuild } from './support/discord/guild.ts';
import { launchProgram } from './support/program.ts';
import { createFakeProvider, type FakeProvider } from './support/provider/fake-provider.ts';
import { describeWithRedis, startRedis, type TestRedis } from './support/redis.ts';
import { withoutDay } from './support/said.ts';
import { createFakeSlack } from './support/slack/fake-slack.ts';

/** Enough for a busy machine. */
const TIMEOUT_MS = 300_000;
const WAIT = { timeout: 120_000, interval: 50 };
const MINUTE_MS = 60_000;
const MESSAGES = 20;

/** A platform where time goes on in jumps, and a bot on it. */
interface Town {
  /** The program's variables. */
  readonly environment: Record<string, string>;
  /** Says something in one of three places: direct messages, a thread with the bot, and a channel, which takes a mention. */
  say(place: Place, text: string): void;
  /** Texts that the bot has shown with a button that says Answer. */
  offers(): number;
  /** Answers that have ended. */
  answers(): number;
  /** Whether the platform sends by itself what is said while nobody takes it: Slack does so for five minutes. */
  redelivers(isOn: boolean): void;
  /** Resolves when it does so no more. */
  givenUp(): Promise<void>;
  close(): Promise<void>;
}

const PLACES = ['direct', 'thread', 'channel'] as const;
type Place = (typeof PLACES)[number];
/** Which place each message goes to, again and again. */
const ORDER: readonly Place[] = ['direct', 'thread', 'channel', 'channel'];

function createJumpingClock() {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  return {
    clock,
    jump(ms: number) {
      aheadMs += ms;
    },
    /** Sets the clock of a program that is started now. */
    get ahead() {
      const code = `const now = Date.now; Date.now = () => now() + ${aheadMs};`;
      return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
    },
  };
}

async function openDiscord(clock: Clock): Promise<Town> {
  const discord = await createFakeDiscord({ clock, acknowledgeWithinMs: MINUTE_MS });
  const { ada, bob, channel, guild } = openGuild(discord);
  const other = guild.channel();
  const thread = () => discord.threads(channel)[0] ?? null;
  const shown = () => [ada.dm, other, ...discord.threads(channel), ...discord.threads(other)];
  const buttons = () =>
    shown().flatMap((place) =>
      discord.messages(place).map((message) => message.buttons.map(({ label }) => label)),
    );
  return {
    environment: discord.environment,
    say(place, text) {
      if (place === 'direct') ada.say(ada.dm, text);
      else if (place === 'channel') ada.say(other, `${discord.botMention} ${text}`);
      else {
        const at = thread();
        if (at === null) ada.say(channel, `${discord.botMention} ${text}`);
        else bob.say(at, text);
      }
    },
    offers: () => buttons().filter((labels) => labels.includes('Answer now')).length,
    answers: () => buttons().filter((labels) => labels.includes('Retry…')).length,
    redelivers() {},
    givenUp: async () => {},
    close: () => discord.close(),
  };
}

async function openSlack(clock: Clock): Promise<Town> {
  let isHasty = false;
  const deliveryClock = clockOf({
    now: clock.now,
    after: (ms, run) => systemClock.after(isHasty ? ms / 1_000 : ms, run),
  });
  const slack = await createFakeSlack({ clock, deliveryClock });
  const [ann, bob] = [slack.user('Ann'), slack.user('Bob')];
  const [general, random] = [slack.channel('general', [ann, bob]), slack.channel('random', [ann, bob])];
  const bot = `<@${slack.app.botUserId}>`;
  let root: string | null = null;
  const labels = () =>
    [
      ...slack.messages(ann.dm),
      ...[general, random].flatMap((channel) =>
        slack.messages(channel).flatMap(({ ts }) => slack.messages(channel, ts)),
      ),
    ].map(({ buttons }) => buttons.map(({ label }) => label));
  return {
    environment: slack.environment,
    say(place, text) {
      if (place === 'direct') ann.say(ann.dm, text);
      else if (place === 'channel') ann.say(random, `${bot} ${text}`);
      else if (root === null) root = ann.say(general, `${bot} ${text}`).ts;
      else bob.say(general, text, { thread: root });
    },
    offers: () => labels().filter((each) => each.includes('Answer now')).length,
    answers: () => labels().filter((each) => each.includes('Retry…')).length,
    redelivers(isOn) {
      isHasty = !isOn;
    },
    async givenUp() {
      if (isHasty) await vi.waitFor(() => expect(slack.undelivered).toBe(0), WAIT);
    },
    close: () => slack.close(),
  };
}

describeWithRedis('what people write while the only process is dead, and two take its place', () => {
  let folder: string;
  let redis: TestRedis;
  let provider: FakeProvider;
  let closers: (() => Promise<void>)[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-'));
    redis = await startRedis();
    provider = await createFakeProvider();
    for (let count = 0; count < 3 * MESSAGES; count++) provider.answer('Yes.');
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    await provider.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  /** The newest message of each request, by the numbers of the questions in it. */
  const asked = () =>
    provider.chats.flatMap(({ body }) =>
      [...withoutDay(String(body.messages.at(-1)?.content)).matchAll(/#(\d+)/g)].map(([, number]) =>
        Number(number),
      ),
    );

  async function start({ environment }: Town, ahead: Record<string, string>) {
    const program = launchProgram(folder, {
      OPENROUTER_BASE_URL: provider.url,
      OPENROUTER_API_KEY: 'sk-or-test',
      // Titles would be requests of their own; twenty questions are more than a free tier takes.
      AUTOMATIC: 'off',
      LIMITS: 'off',
      STORE_URL: redis.url,
      ...environment,
      ...ahead,
    });
    closers.push(() => program.kill());
    await program.ready;
    return program;
  }

  it.each([
    ['Discord', 'a minute', openDiscord, MINUTE_MS, { asksAbout: 0 }],
    // Each mention in the channel is a place of its own; four of them are older than ten minutes.
    ['Discord', 'a quarter of an hour', openDiscord, 16 * MINUTE_MS, { asksAbout: 4 }],
    ['Slack', 'a minute', openSlack, MINUTE_MS, { asksAbout: 0 }],
    ['Slack', 'a quarter of an hour', openSlack, 16 * MINUTE_MS, { asksAbout: 4 }],
  ])(
    'on %s, for %s, is answered or asked about: 20 of 20, none twice',
    {
      timeout: TIMEOUT_MS,
    },
    async (_platform, _length, open, awayMs, { asksAbout }) => {
      const time = createJumpingClock();
      const town = await open(time.clock);
      closers.push(() => town.close());
      const first = await start(town, time.ahead);
      for (const place of PLACES) town.say(place, 'before');
      await vi.waitFor(() => expect(town.answers()).toBe(PLACES.length), WAIT);
      await first.kill();
      town.redelivers(awayMs < 5 * MINUTE_MS);

      for (let index = 0; index < MESSAGES; index++) {
        town.say(ORDER[index % ORDER.length] ?? 'direct', `#${index}.`);
        time.jump(awayMs / MESSAGES);
      }
      await town.givenUp();
      town.redelivers(true);
      await Promise.all([start(town, time.ahead), start(town, time.ahead)]);
      const wanted = MESSAGES - asksAbout;
      await vi.waitFor(
        () => expect([new Set(asked()).size, town.offers()]).toEqual([wanted, asksAbout]),
        WAIT,
      );
      // A word more in each place, for what comes too often.
      for (const place of PLACES) town.say(place, '#100.');
      await vi.waitFor(
        () => expect(asked().filter((number) => number === 100)).toHaveLength(PLACES.length),
        WAIT,
      );
      expect(asked()).toHaveLength(wanted + PLACES.length);
      expect(town.offers()).toBe(asksAbout);
    },
  );
});
