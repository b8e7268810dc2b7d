import { parseButton } from '../../../src/adapters/discord/answers/content.ts';
import type { Surface } from '../../../src/core/ports/surface.ts';
import { type SurfacePlace, surfaceContract, type WireFault } from '../../contracts/surface.ts';
import type { Fault } from '../../support/discord/faults.ts';
import { openGuild } from '../../support/discord/guild.ts';
import type { SeenMessage } from '../../support/discord/view.ts';
import { createIdleClock } from '../../support/idle-clock.ts';
import { openBench } from './harness.ts';

/** Two minutes of streaming in little more than a second. */
const SPEED = 100;

/** The suite writes without the limiter here and there, which the usual 5 in 2 s would not take. */
const ROOMY = { '* /webhooks/:id/:token': { limit: 8, windowMs: 2_000 } };

function faultOf(fault: WireFault): Fault {
  switch (fault.kind) {
    case 'rate-limited':
      return { kind: 'rate-limit', retryAfterMs: fault.retryAfterMs, scope: 'user' };
    case 'unavailable':
      return { kind: 'status', status: 503, when: 'before' };
    case 'lost':
      return { kind: 'reset', when: 'after' };
    case 'silent':
      return { kind: 'hold', until: new Promise(() => {}), when: 'before' };
  }
}

type Ground = Awaited<ReturnType<typeof openGround>>;

async function openGround() {
  const bench = await openBench({
    clock: createIdleClock(SPEED),
    rateLimits: ROOMY,
    acknowledgeWithinMs: 60_000,
  });
  return { bench, ...openGuild(bench.discord) };
}

/** The way from a question to its surface, and where its answer can be seen. */
interface Way {
  ask(ground: Ground): Promise<Surface>;
  /** The place of the answer. */
  answerChannel(ground: Ground): { readonly id: string };
  readonly open: { readonly method: string; readonly path: RegExp };
  readonly update: RegExp;
  /** Takes the bot's leave to write; interactions need none. */
  readonly shut?: (ground: Ground) => void;
  /** Discord lists no private messages, and shows one to who knows its id. */
  readonly isPrivate?: boolean;
  readonly sees: (ground: Ground, message: SeenMessage) => boolean;
}

function contractOf(name: string, way: Way): void {
  surfaceContract(`discord ${name}`, {
    lacks: way.shut ? [] : ['shut'],
    hidesUnstored: way.isPrivate ?? false,
    async open(): Promise<SurfacePlace> {
      const ground = await openGround();
      const { bench, ada, bob, channel } = ground;
      const { discord, limiters, clock } = bench;
      const surface = await way.ask(ground);
      const answers = () => {
        const where = way.answerChannel(ground);
        return discord
          .messages(where, ada)
          .filter((message) => message.fromBot && !message.thinking && way.sees(ground, message));
      };
      const everywhere = () => [channel, way.answerChannel(ground), ada.dm, bob.dm];
      return {
        surface,
        limiters,
        clock,
        reopen: async (lost) => (await bench.adapter.reopen?.(lost, new AbortController().signal)) ?? null,
        pingSpellings: [`<@${bob.id}>`, `<@!${ada.id}>`, '@everyone', '@here', '<@&12345678901234567>'],
        pings: () =>
          everywhere()
            .flatMap((where) => [...discord.messages(where, ada), ...discord.messages(where, bob)])
            .filter((message) => message.fromBot)
            .reduce((sum, message) => sum + message.pings.length, 0),
        violations: () => discord.violations,
        readMessages: async () =>
          answers().map((message) => ({
            text: message.text,
            buttons: message.buttons.flatMap(({ customId }) => parseButton(customId ?? '') ?? []),
          })),
        async readAs(reader) {
          const person = reader === 'asker' ? ada : bob;
          const shown = new Set(answers().map(({ id }) => id));
          const ids = new Set([channel, way.answerChannel(ground), person.dm].map(({ id }) => id));
          return [...ids]
            .filter((id) => id !== (reader === 'asker' ? bob : ada).dm.id)
            .flatMap((id) => discord.messages({ id }, person))
            .filter((message) => message.fromBot && !shown.has(message.id))
            .map((message) => message.text)
            .join('\n');
        },
        ...(way.shut ? { shut: async () => way.shut?.(ground) } : {}),
        async deleteMessage(index) {
          const message = answers()[index];
          if (message) discord.removeMessage(message);
        },
        filesSeen: () => answers().flatMap(({ files }) => files.map(({ name }) => name)),
        refuseFiles: () => discord.limitFiles(4),
        failNext(write, fault) {
          if (write === 'open') discord.faults.add(way.open.method, way.open.path, faultOf(fault));
          else discord.faults.add('PATCH', way.update, faultOf(fault));
        },
        close: bench.close,
      };
    },
  });
}

const isPublic = (_: Ground, message: SeenMessage) => message.onlyVisibleTo === null;

contractOf('mention', {
  async ask({ bench: { discord, recorded }, ada, channel }) {
    ada.say(channel, `${discord.botMention} why is the sky blue?`);
    await discord.until(() => recorded.messages.length === 1);
    return recorded.messages[0]?.surface as Surface;
  },
  answerChannel: ({ bench: { discord }, channel }) => discord.threads(channel)[0] ?? { id: 'none yet' },
  open: { method: 'POST', path: /messages$/ },
  update: /messages\/\d+$/,
  shut: ({ bench: { discord }, channel }) =>
    discord.deny(channel, ['SendMessages', 'SendMessagesInThreads', 'CreatePublicThreads']),
  sees: isPublic,
});

for (const isPrivate of [false, true]) {
  contractOf(isPrivate ? 'private /ask' : '/ask', {
    async ask({ bench: { discord, recorded }, ada, channel }) {
      const used = ada.slash('ask', { prompt: 'why is the sky blue?', private: isPrivate }, { channel });
      await used.acknowledged();
      await discord.until(() => recorded.commands.length === 1);
      return recorded.commands[0]?.surface as Surface;
    },
    answerChannel: ({ channel }) => channel,
    open: { method: 'PATCH', path: /@original$/ },
    update: /messages\/\d+$/,
    isPrivate,
    sees: (_, message) => (isPrivate ? !/^(psst|s\d)/.test(message.text) : message.onlyVisibleTo === null),
  });
}
