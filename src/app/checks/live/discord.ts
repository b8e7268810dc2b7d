import { ChannelType, Routes } from 'discord.js';
import { z } from 'zod';
import { answerBody, noticeBodies } from '../../../adapters/discord/answers/content.ts';
import { createChannelWriter } from '../../../adapters/discord/answers/message-writers.ts';
import { buttonsOf } from '../../../adapters/discord/answers/read-back.ts';
import { startThread } from '../../../adapters/discord/answers/threads.ts';
import { createRest, type DiscordRest, insisting } from '../../../adapters/discord/rest/rest.ts';
import { SIZES } from '../../../adapters/discord/rest/sizes.ts';
import { createWriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import { sizeOf } from '../../../core/kit/text-size.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import { Unshowable } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import type { Config } from '../../config/variables.ts';
import { createObserver, type Observed } from './observe.ts';
import { BUTTONS, EDITS, FILE, fillTo, firstDifference } from './samples.ts';
import { type LivePlatform, PASTE, type Stage } from './stage.ts';
import { playSteps } from './steps.ts';

const channelSchema = z.object({ type: z.number(), guild_id: z.string().optional() });
const sentSchema = z.object({
  id: z.string(),
  content: z.string(),
  flags: z.int().default(0),
  author: z.object({ id: z.string() }),
  components: z
    .array(z.object({ components: z.array(z.object({ custom_id: z.string().optional() })).default([]) }))
    .default([]),
  attachments: z.array(z.object({ filename: z.string(), size: z.number() })).default([]),
});

/** How much longer a window may appear because of the network. */
const SLACK_MS = 1_000;

/** Plays the steps of a live check in one Discord channel. */
export function discordLive(
  config: Config,
  channelId: string,
  { fetch, clock }: { readonly fetch: typeof globalThis.fetch; readonly clock: Clock },
): LivePlatform {
  const { DISCORD_TOKEN: token, DISCORD_API_URL: apiUrl } = config;
  if (token === undefined) throw new TypeError('there is no DISCORD_TOKEN');
  const observer = createObserver(fetch, apiUrl);
  const limiters = createWriteLimiters(clock);
  const rest = createRest({ apiUrl, token, fetch: observer.fetch, clock, limiters });
  return {
    async look(stage, askModel) {
      const answer = await rest.insist({ method: 'GET', path: Routes.channel(channelId) }, stage.signal);
      const { type, guild_id: guild } = channelSchema.parse(answer);
      stage.findings.ok(`The channel is visible; its type is ${ChannelType[type] ?? type}`);
      const room = createRoom(rest, channelId, stage);
      await playSteps(stage, {
        edits: () => edits(room),
        readBack: (what, text) => readsBack(room, what, contentOf(text)),
        buttons: () => buttons(room),
        longText: (script, sample) => longText(room, script, sample),
        unitOfLength: () => unitOfLength(room),
        thread: () => thread(room),
        file: () => file(room),
        askModel: () => askModel(guild === undefined ? null : `discord:${guild}`),
      });
      reportLimits(observer.seen, stage);
    },
  };
}

interface Room {
  readonly rest: DiscordRest;
  readonly channelId: string;
  readonly stage: Stage;
  send(body: Body, files?: readonly NoticeFile[]): Promise<string>;
  edit(id: string, body: Body): Promise<void>;
  read(id: string): Promise<z.infer<typeof sentSchema>>;
  /** The same room in another channel, such as a thread. */
  in(channelId: string): Room;
}

type Body = ReturnType<typeof answerBody>;

function createRoom(rest: DiscordRest, channelId: string, stage: Stage): Room {
  const { signal } = stage;
  const writer = createChannelWriter(insisting(rest), channelId);
  const deletes: Scope = { key: `discord:delete:${channelId}`, limit: 3, windowMs: 2_000 };
  return {
    rest,
    channelId,
    stage,
    async send(body, files = []) {
      const id = await writer.send(body, files, signal);
      stage.undo('a message', (until) =>
        rest.insist({ method: 'DELETE', path: Routes.channelMessage(channelId, id), scope: deletes }, until),
      );
      return id;
    },
    edit: (id, body) => writer.edit(id, body, [], signal),
    async read(id) {
      const path = Routes.channelMessage(channelId, id);
      return sentSchema.parse(await rest.insist({ method: 'GET', path }, signal));
    },
    in: (other) => createRoom(rest, other, stage),
  };
}

/** A text as Parley rewrites it for Discord. */
function contentOf(text: string): string {
  return noticeBodies(text)[0]?.content ?? '';
}

function bodyOf(content: string, buttons: readonly Button[] = []): Body {
  return answerBody({
    text: content,
    source: content,
    status: 'streaming',
    note: null,
    footer: null,
    buttons,
  });
}

async function edits({ send, edit, read, stage }: Room): Promise<void> {
  const id = await send(bodyOf('Parley live check: 0. All of this will be deleted again.'));
  for (let count = 1; count <= EDITS; count++) await edit(id, bodyOf(`Parley live check: ${count}.`));
  const { content } = await read(id);
  const difference = firstDifference(`Parley live check: ${EDITS}.`, content);
  if (difference === null) stage.findings.ok(`${EDITS} edits arrived, the last one last`);
  else stage.findings.warn(`The last of ${EDITS} edits did not arrive: ${difference}`, PASTE);
}

async function readsBack(room: Room, what: string, content: string): Promise<void> {
  const { stage, send, read } = room;
  const stands = await read(await send(bodyOf(content)));
  const difference = firstDifference(content, stands.content);
  if (difference === null) stage.findings.ok(`${what} is read back as it was sent`);
  else stage.findings.warn(`${what} is read back differently: ${difference}`, PASTE);
}

async function buttons({ stage, send, read }: Room): Promise<void> {
  const stands = await read(await send(bodyOf('Two buttons that do nothing.', BUTTONS)));
  const kinds = buttonsOf(stands).map(({ kind }) => kind);
  if (kinds.join() === BUTTONS.map(({ kind }) => kind).join())
    stage.findings.ok('Buttons are read back with their ids');
  else stage.findings.warn(`${kinds.length} of 2 buttons are read back with their ids`, PASTE);
}

async function longText(room: Room, script: string, sample: string): Promise<void> {
  const { max, unit } = SIZES.content;
  const text = fillTo(max, sample, (part) => sizeOf(part, unit));
  await readsBack(
    room,
    `A text of ${text.length} UTF-16 units, ${[...text].length} characters, ${Buffer.byteLength(text)} bytes (${script})`,
    text,
  );
}

/** Text over the limit in UTF-16 units that may be within it in code points. */
async function unitOfLength({ stage, send }: Room): Promise<void> {
  const { max } = SIZES.content;
  const takes = async (text: string) => {
    try {
      await send(bodyOf(text));
      return true;
    } catch (error) {
      if (error instanceof Unshowable) return false;
      throw error;
    }
  };
  if (await takes('x'.repeat(max + 1))) {
    stage.findings.warn(
      `A message of ${max + 1} characters is accepted; Parley assumes at most ${max}`,
      PASTE,
    );
  } else stage.findings.ok(`A message of ${max + 1} characters is refused, as assumed`);
  const unit = (await takes('🦊'.repeat(max / 2 + 1))) ? 'code points, which are never more' : 'them too';
  stage.findings.ok(`Parley counts UTF-16 units; Discord counts ${unit}`);
}

async function thread({ rest, channelId, stage, send, in: inside }: Room): Promise<void> {
  const { signal, findings } = stage;
  const root = await send(bodyOf('A thread starts here.'));
  const opened = await startThread(rest, channelId, root, 'Parley’s look', signal);
  if (opened === 'impossible') {
    return findings.warn(
      'No thread can be created here',
      'Give the bot Create Public Threads, or choose a text channel',
    );
  }
  const scope = { key: `discord:look:${root}`, limit: 2, windowMs: 5_000 };
  const close = (archived: boolean, until: AbortSignal) =>
    rest.insist({ method: 'PATCH', path: Routes.channel(root), body: { archived }, scope }, until);
  stage.undo('an archived thread, because deleting it needs Manage Threads', async (until) => {
    try {
      await rest.insist({ method: 'DELETE', path: Routes.channel(root), scope }, until);
    } catch (error) {
      await close(true, until);
      throw error;
    }
  });
  const id = await inside(root).send(bodyOf('Written in the thread.'));
  const stands = await inside(root).read(id);
  await close(true, signal);
  // Messages in an archived thread cannot be deleted.
  stage.undo('a closed thread', (until) => close(false, until));
  if (stands.content === 'Written in the thread.')
    findings.ok('A thread can be created, written to, and closed');
  else findings.warn('A message in a thread is read back differently', PASTE);
}

async function file({ stage, send, read }: Room): Promise<void> {
  const { attachments } = await read(await send(bodyOf('A file.'), [FILE]));
  const [stands] = attachments;
  if (stands?.filename === FILE.name && stands.size === FILE.bytes.length)
    stage.findings.ok('A file arrives intact');
  else {
    stage.findings.warn(
      `A file of ${FILE.bytes.length} bytes is read back as ${stands === undefined ? 'none' : `${stands.filename}, ${stands.size} bytes`}`,
      PASTE,
    );
  }
}

/** Limits that Parley assumes before the first response reports them: `createChannelWriter`. */
const ASSUMED = [
  { route: 'POST /channels/:id/messages', what: 'Posts in a channel', limit: 5, windowMs: 5_000 },
  { route: 'PATCH /channels/:id/messages/:id', what: 'Edits in a channel', limit: 5, windowMs: 5_000 },
];

function reportLimits(seen: readonly Observed[], { findings }: Stage): void {
  for (const { route, what, limit, windowMs } of ASSUMED) {
    const answers = seen.filter((answer) => answer.route === route);
    const numbers = (name: string) =>
      answers
        .map(({ headers }) => Number(headers.get(name) ?? Number.NaN))
        .filter((number) => !Number.isNaN(number));
    const told = Math.max(...numbers('x-ratelimit-limit'));
    const toldMs = Math.max(...numbers('x-ratelimit-reset-after')) * 1_000;
    if (!Number.isFinite(told)) {
      findings.warn(
        `${what}: no X-RateLimit headers; Parley assumes ${limit} in ${windowMs / 1_000} s`,
        PASTE,
      );
    } else if (told === limit && Math.abs(toldMs - windowMs) <= SLACK_MS) {
      findings.ok(`${what}: ${limit} in ${windowMs / 1_000} s, as assumed`);
    } else {
      findings.warn(
        `${what}: the headers say ${told} in about ${(toldMs / 1_000).toFixed(1)} s; Parley starts with ${limit} in ${windowMs / 1_000} s until the first response`,
        PASTE,
      );
    }
  }
  const limited = seen.filter(({ status }) => status === 429);
  if (limited.length === 0) findings.ok(`${seen.length} requests, none of which hit a limit`);
  for (const [route, hits] of Map.groupBy(limited, ({ route }) => route)) {
    const scopes = [...new Set(hits.map(({ headers }) => headers.get('x-ratelimit-scope') ?? 'no scope'))];
    findings.warn(`A limit was hit ${hits.length} times: ${route} (${scopes.join(', ')})`, PASTE);
  }
}
