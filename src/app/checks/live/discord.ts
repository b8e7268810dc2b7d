import { ChannelType, Routes } from 'discord.js';
import { z } from 'zod';
import { ANSWER_LIMITS, answerBody, noticeBodies } from '../../../adapters/discord/answers/content.ts';
import { ChannelWriter } from '../../../adapters/discord/answers/message-writers.ts';
import { buttonsOf, sentMessage } from '../../../adapters/discord/answers/read-back.ts';
import { startThread } from '../../../adapters/discord/answers/threads.ts';
import { createRest, type DiscordRest, insisting } from '../../../adapters/discord/rest/rest.ts';
import { SIZES } from '../../../adapters/discord/rest/sizes.ts';
import { createWriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import { Unshowable } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import type { ProviderCheckOptions } from '../providers.ts';
import { createObserver, type Observed, reportHits } from './observe.ts';
import { FILE } from './samples.ts';
import type { Stage } from './stage.ts';
import { isTaken, type Room } from './steps.ts';

const channelSchema = z.object({ type: z.number(), guild_id: z.string().optional() });
const withFiles = sentMessage.extend({
  attachments: z.array(z.object({ filename: z.string(), size: z.number() })).default([]),
});

/** How much longer a window may appear because of the network. */
const SLACK_MS = 1_000;

/** Looks at a Discord channel, and resolves to what a live check does there. */
export async function openDiscordRoom(
  channelId: string,
  { config, fetch, clock }: Pick<ProviderCheckOptions, 'config' | 'fetch' | 'clock'>,
  stage: Stage,
): Promise<Room> {
  const { DISCORD_TOKEN: token = '', DISCORD_API_URL: apiUrl } = config;
  const observer = createObserver(fetch, apiUrl);
  const limiters = createWriteLimiters(clock);
  const rest = createRest({ apiUrl, token, fetch: observer.fetch, clock, limiters });
  const answer = await rest.insist({ method: 'GET', path: Routes.channel(channelId) }, stage.signal);
  const { type, guild_id: guild } = channelSchema.parse(answer);
  stage.findings.ok(`The channel is visible; its type is ${ChannelType[type] ?? type}`);
  const messages = createMessages(rest, channelId, stage);
  const { send, edit, read } = messages;
  /** A text as Parley rewrites it for Discord. */
  const written = (text: string) => noticeBodies(text)[0]?.content ?? '';
  return {
    guild: guild === undefined ? null : `discord:${guild}`,
    limits: ANSWER_LIMITS,
    post: (text, buttons) => send(written(text), buttons),
    edit: (id, text) => edit(id, written(text)),
    async read(id) {
      const stands = await read(id);
      return { text: stands.content, buttons: buttonsOf(stands).map(({ kind }) => kind) };
    },
    written,
    rendersAnew: false,
    unitOfLength: () => unitOfLength(stage, messages),
    thread: () => thread(stage, messages),
    file: () => file(stage, messages),
    report: () => reportLimits(observer.seen, stage),
  };
}

type Messages = ReturnType<typeof createMessages>;

/** The messages of one channel, such as a thread. */
function createMessages(rest: DiscordRest, channelId: string, stage: Stage) {
  const { signal } = stage;
  const writer = new ChannelWriter(insisting(rest), channelId);
  const deletes: Scope = { key: `discord:delete:${channelId}`, limit: 3, windowMs: 2_000 };
  return {
    rest,
    channelId,
    async send(content: string, buttons: readonly Button[] = [], files: readonly NoticeFile[] = []) {
      const id = await writer.send(bodyOf(content, buttons), files, signal);
      stage.undo('a message', (until) =>
        rest.insist({ method: 'DELETE', path: Routes.channelMessage(channelId, id), scope: deletes }, until),
      );
      return id;
    },
    edit: (id: string, content: string) => writer.edit(id, bodyOf(content, []), [], signal),
    async read(id: string) {
      const path = Routes.channelMessage(channelId, id);
      return withFiles.parse(await rest.insist({ method: 'GET', path }, signal));
    },
  };
}

function bodyOf(text: string, buttons: readonly Button[]): ReturnType<typeof answerBody> {
  return answerBody({ text, source: text, status: 'streaming', note: null, footer: null, buttons });
}

/** Text over the limit in UTF-16 units that may be within it in code points. */
async function unitOfLength({ findings, differs }: Stage, { send }: Messages): Promise<void> {
  const { max } = SIZES.content;
  const takes = (text: string) => isTaken(send(text), (error) => error instanceof Unshowable);
  if (await takes('x'.repeat(max + 1))) {
    differs(`A message of ${max + 1} characters is accepted; Parley assumes at most ${max}`);
  } else findings.ok(`A message of ${max + 1} characters is refused, as assumed`);
  const unit = (await takes('🦊'.repeat(max / 2 + 1))) ? 'code points, which are never more' : 'them too';
  findings.ok(`Parley counts UTF-16 units; Discord counts ${unit}`);
}

async function thread(stage: Stage, { rest, channelId, send }: Messages): Promise<void> {
  const { signal, findings } = stage;
  const root = await send('A thread starts here.');
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
  const inside = createMessages(rest, root, stage);
  const stands = await inside.read(await inside.send('Written in the thread.'));
  await close(true, signal);
  // Messages in an archived thread cannot be deleted.
  stage.undo('a closed thread', (until) => close(false, until));
  if (stands.content === 'Written in the thread.')
    findings.ok('A thread can be created, written to, and closed');
  else stage.differs('A message in a thread is read back differently');
}

async function file({ findings, differs }: Stage, { send, read }: Messages): Promise<void> {
  const { attachments } = await read(await send('A file.', [], [FILE]));
  const [stands] = attachments;
  if (stands?.filename === FILE.name && stands.size === FILE.bytes.length) {
    return findings.ok('A file arrives intact');
  }
  const arrived = stands === undefined ? 'none' : `${stands.filename}, ${stands.size} bytes`;
  differs(`A file of ${FILE.bytes.length} bytes is read back as ${arrived}`);
}

/** Limits that Parley assumes before the first response reports them: `ChannelWriter`. */
const ASSUMED = [
  { route: 'POST /channels/:id/messages', what: 'Posts in a channel', limit: 5, windowMs: 5_000 },
  { route: 'PATCH /channels/:id/messages/:id', what: 'Edits in a channel', limit: 5, windowMs: 5_000 },
];

function reportLimits(seen: readonly Observed[], stage: Stage): void {
  const { findings, differs } = stage;
  for (const { route, what, limit, windowMs } of ASSUMED) {
    const answers = seen.filter((answer) => answer.route === route);
    const numbers = (name: string) =>
      answers
        .map(({ headers }) => Number(headers.get(name) ?? Number.NaN))
        .filter((number) => !Number.isNaN(number));
    const told = Math.max(...numbers('x-ratelimit-limit'));
    const toldMs = Math.max(...numbers('x-ratelimit-reset-after')) * 1_000;
    const assumed = `${limit} in ${windowMs / 1_000} s`;
    if (!Number.isFinite(told)) differs(`${what}: no X-RateLimit headers; Parley assumes ${assumed}`);
    else if (told === limit && Math.abs(toldMs - windowMs) <= SLACK_MS) {
      findings.ok(`${what}: ${assumed}, as assumed`);
    } else {
      differs(
        `${what}: the headers say ${told} in about ${(toldMs / 1_000).toFixed(1)} s; Parley starts with ${assumed} until the first response`,
      );
    }
  }
  reportHits(seen, 'requests', stage, (route, hits) => {
    const scopes = new Set(hits.map((headers) => headers.get('x-ratelimit-scope') ?? 'no scope'));
    return `${route} (${[...scopes].join(', ')})`;
  });
}
