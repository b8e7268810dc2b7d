import { z } from 'zod';
import { MESSAGE_LIMITS, messageScope, postScope } from '../../../adapters/slack/api/limits.ts';
import { SIZES } from '../../../adapters/slack/api/sizes.ts';
import { createWebApi, SlackRefusal } from '../../../adapters/slack/api/web-api.ts';
import { createWorkspace, textOf, type Workspace } from '../../../adapters/slack/api/workspace.ts';
import { buttonsOf, ownMessages, readBack } from '../../../adapters/slack/posting/read-back.ts';
import { createUpload, deleteFile } from '../../../adapters/slack/posting/upload-files.ts';
import { identify } from '../../../adapters/slack/start-checks.ts';
import {
  contentOf,
  type MessageContent,
  markdownContent,
} from '../../../adapters/slack/text/message-content.ts';
import { createWriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import type { ProviderCheckOptions } from '../providers.ts';
import { createObserver, reportHits } from './observe.ts';
import { FILE, LIVE_LOOK } from './samples.ts';
import type { Stage } from './stage.ts';
import { isTaken, type Room } from './steps.ts';

const channelSchema = z.object({ is_member: z.boolean().optional(), is_im: z.boolean().optional() });
const messageSchema = z.object({
  ts: z.string(),
  files: z
    .array(z.looseObject({ id: z.string(), name: z.string().optional(), title: z.string().optional() }))
    .default([]),
});

/** Looks at a Slack channel, and resolves to what a live check does there; null if it can do nothing, which is reported. */
export async function openSlackRoom(
  channel: string,
  { config, fetch, clock }: Pick<ProviderCheckOptions, 'config' | 'fetch' | 'clock'>,
  stage: Stage,
): Promise<Room | null> {
  const { signal, findings } = stage;
  const { SLACK_BOT_TOKEN: token = '', SLACK_API_URL: apiUrl } = config;
  const observer = createObserver(fetch, apiUrl);
  const api = createWebApi({ token, apiUrl, fetch: observer.fetch });
  const identity = await identify(api, apiUrl, signal);
  const workspace = createWorkspace(identity, api, createWriteLimiters(clock), clock);
  const answer = await workspace.call('conversations.info', { channel }, signal);
  const info = channelSchema.parse(answer['channel']);
  if (!info.is_member && !info.is_im) {
    findings.fail(
      'The bot is not a member of the channel',
      'Type /invite @Parley there, then run this again',
    );
    return null;
  }
  findings.ok('The bot is a member of the channel');
  const messages = createMessages(workspace, channel, stage);
  const { send, update, read, kinds } = messages;
  const withoutButtons = new Set<string>();
  return {
    guild: `slack:${workspace.team}`,
    limits: MESSAGE_LIMITS,
    async post(text, buttons) {
      if (buttons !== undefined) return send(withButtons(text, buttons));
      const ts = await send(markdownContent(text));
      withoutButtons.add(ts);
      return ts;
    },
    edit: (ts, text) => update(ts, markdownContent(text)),
    async read(ts) {
      const stands = await read(ts);
      if (withoutButtons.has(ts)) for (const { type } of stands.blocks) kinds.add(String(type));
      return { text: readBack(stands).trim(), buttons: buttonsOf(stands, LIVE_LOOK) };
    },
    written: (text) => text,
    rendersAnew: true,
    unitOfLength: () => unitOfLength(stage, messages),
    thread: () => thread(stage, messages),
    file: () => file(stage, messages),
    report() {
      reportBlocks(messages, stage);
      reportHits(observer.seen, 'calls', stage, (route, hits) => {
        const waits = hits.map((headers) => headers.get('retry-after') ?? '?');
        return `${route.replace('POST ', '')} (Retry-After ${waits.join(', ')} s)`;
      });
    },
  };
}

type Messages = ReturnType<typeof createMessages>;

/** The channel's messages. `kinds` are the types of the blocks that messages came back with. */
function createMessages(workspace: Workspace, channel: string, stage: Stage) {
  const { signal } = stage;
  const { team } = workspace;
  const kinds = new Set<string>();
  const remove = (what: string, ts: string) =>
    stage.undo(what, (until) => workspace.call('chat.delete', { channel, ts }, until));
  return {
    workspace,
    channel,
    kinds,
    remove,
    async send(content: MessageContent, threadTs?: string) {
      const args = { channel, thread_ts: threadTs, ...content, unfurl_links: false, unfurl_media: false };
      const post = () => workspace.call('chat.postMessage', args, signal);
      const ts = textOf((await workspace.paced(postScope(team, channel), post, signal))['ts']);
      remove('a message', ts);
      return ts;
    },
    async update(ts: string, content: MessageContent) {
      const scope = messageScope(team, channel, ts);
      const update = () => workspace.api.call('chat.update', { channel, ts, ...content }, signal);
      await workspace.paced(scope, update, signal);
    },
    async read(ts: string, threadTs?: string) {
      const spot = { channel, threadTs: threadTs ?? null };
      const range = { oldest: ts, latest: ts, inclusive: true, limit: threadTs ? 10 : 1, maxPages: 1 };
      for await (const message of ownMessages(workspace, spot, range, signal)) {
        if (message.ts === ts) return message;
      }
      throw new Error('a message that was just posted is not in the history');
    },
  };
}

function withButtons(text: string, buttons: readonly Button[]): MessageContent {
  const view = { text, source: text, status: 'streaming', note: null, footer: null, buttons } as const;
  return contentOf(view, { takesFeedback: true });
}

/** Text with twice as many bytes as characters shows which of them Slack counts. */
async function unitOfLength({ findings, differs }: Stage, { send, update }: Messages): Promise<void> {
  const { max } = SIZES.updateText;
  const ts = await send(markdownContent('A text grows here.'));
  const isTooLong = (error: unknown) => error instanceof SlackRefusal && error.reason === 'msg_too_long';
  const takes = (text: string) => isTaken(update(ts, { text, blocks: [] }), isTooLong);
  if (await takes('x'.repeat(max))) findings.ok(`chat.update accepts a text of ${max} bytes, as assumed`);
  else differs(`chat.update refuses a text of ${max} bytes, which Parley assumes is allowed`);
  if (await takes('я'.repeat(max / 2 + 1))) {
    differs(
      `chat.update accepts ${max + 2} bytes in ${max / 2 + 1} characters, so its limit is higher; Parley assumes ${max} bytes to be safe`,
    );
  } else findings.ok('chat.update counts bytes of UTF-8, as assumed');
}

async function thread({ findings, differs }: Stage, { send, read }: Messages): Promise<void> {
  const root = await send(markdownContent('A thread starts here.'));
  const reply = await send(markdownContent('Written in the thread.'), root);
  const stands = readBack(await read(reply, root)).trim();
  if (stands === 'Written in the thread.') findings.ok('A thread can be created and written to');
  else differs('A message in a thread is read back differently');
}

async function file(stage: Stage, { workspace, channel, remove }: Messages): Promise<void> {
  const { signal, findings } = stage;
  await createUpload(workspace, { channel, threadTs: null }, [FILE])(signal);
  const answer = await workspace.call('conversations.history', { channel, limit: 5 }, signal);
  const messages = z.array(messageSchema).parse(answer['messages']);
  const found = messages.find(({ files }) =>
    files.some(({ name, title }) => name === FILE.name || title === FILE.description),
  );
  if (found === undefined) {
    return findings.warn(
      'A file was uploaded, but none of the last five messages shows it',
      'Delete parley-look.txt yourself',
    );
  }
  for (const { id } of found.files) stage.undo('a file', (until) => deleteFile(workspace, id, until));
  remove('a message with a file', found.ts);
  findings.ok('A file arrives');
}

function reportBlocks({ kinds }: Messages, { findings, differs }: Stage): void {
  const list = [...kinds].toSorted();
  if (list.length === 0) return;
  const known = list.every((kind) => kind === 'markdown' || kind === 'rich_text');
  const words = `Markdown blocks come back as ${list.join(', ')}`;
  if (known) findings.ok(words);
  else differs(`${words}; Parley can read back markdown and rich_text`);
}
