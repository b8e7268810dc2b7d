import { z } from 'zod';
import { MESSAGE_LIMITS, messageScope, postScope } from '../../../adapters/slack/api/limits.ts';
import { SIZES } from '../../../adapters/slack/api/sizes.ts';
import { createWebApi, type Json, SlackRefusal } from '../../../adapters/slack/api/web-api.ts';
import { createWorkspace, textOf, type Workspace } from '../../../adapters/slack/api/workspace.ts';
import { readBack } from '../../../adapters/slack/posting/read-back.ts';
import { createUpload, deleteFile } from '../../../adapters/slack/posting/upload-files.ts';
import { identify } from '../../../adapters/slack/start-checks.ts';
import {
  contentOf,
  type MessageContent,
  markdownContent,
} from '../../../adapters/slack/text/message-content.ts';
import { createWriteLimiters } from '../../../core/delivery/write-limiter.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Config } from '../../config/variables.ts';
import { createObserver, type Observed } from './observe.ts';
import { BUTTONS, EDITS, FILE, fillTo, firstDifference, wordsAlone } from './samples.ts';
import { type LivePlatform, PASTE, type Stage } from './stage.ts';
import { playSteps } from './steps.ts';

const channelSchema = z.object({ is_member: z.boolean().optional(), is_im: z.boolean().optional() });
const messageSchema = z.object({
  ts: z.string(),
  text: z.string().default(''),
  blocks: z.array(z.looseObject({ type: z.string() })).default([]),
  files: z
    .array(z.looseObject({ id: z.string(), name: z.string().optional(), title: z.string().optional() }))
    .default([]),
});
type Stands = z.infer<typeof messageSchema>;

/** Plays the steps of a live check in one Slack channel. */
export function slackLive(
  config: Config,
  channel: string,
  { fetch, clock }: { readonly fetch: typeof globalThis.fetch; readonly clock: Clock },
): LivePlatform {
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl } = config;
  if (token === undefined) throw new TypeError('there is no SLACK_BOT_TOKEN');
  const observer = createObserver(fetch, apiUrl);
  return {
    async look(stage, askModel) {
      const { signal, findings } = stage;
      const api = createWebApi({ token, apiUrl, fetch: observer.fetch });
      const identity = await identify(api, apiUrl, signal);
      const limiters = createWriteLimiters(clock);
      const workspace = createWorkspace(identity, api, limiters, clock);
      const info = channelSchema.parse(
        (await workspace.call('conversations.info', { channel }, signal))['channel'],
      );
      if (!info.is_member && !info.is_im) {
        return findings.fail(
          'The bot is not a member of the channel',
          'Type /invite @Parley there, then run this again',
        );
      }
      findings.ok('The bot is a member of the channel');
      const room = createRoom(workspace, channel, stage);
      await playSteps(stage, {
        edits: () => edits(room),
        readBack: (what, text) => readsBack(room, what, text),
        buttons: () => buttons(room),
        longText: (script, sample) => longText(room, script, sample),
        unitOfLength: () => unitOfLength(room),
        thread: () => thread(room),
        file: () => file(room),
        askModel: () => askModel(`slack:${workspace.team}`),
      });
      reportBlocks(room, stage);
      reportLimits(observer.seen, stage);
    },
  };
}

interface Room {
  readonly workspace: Workspace;
  readonly channel: string;
  readonly stage: Stage;
  /** Types of the blocks that Markdown came back as. */
  readonly kinds: Set<string>;
  send(content: MessageContent, threadTs?: string): Promise<string>;
  update(ts: string, content: Json): Promise<void>;
  read(ts: string, threadTs?: string): Promise<Stands>;
  remove(what: string, ts: string): void;
}

function createRoom(workspace: Workspace, channel: string, stage: Stage): Room {
  const { signal } = stage;
  const { team } = workspace;
  const remove: Room['remove'] = (what, ts) =>
    stage.undo(what, (until) => workspace.call('chat.delete', { channel, ts }, until));
  return {
    workspace,
    channel,
    stage,
    kinds: new Set(),
    remove,
    async send(content, threadTs) {
      const args = { channel, thread_ts: threadTs, ...content, unfurl_links: false, unfurl_media: false };
      const answer = await workspace.paced(
        postScope(team, channel),
        () => workspace.call('chat.postMessage', args, signal),
        signal,
      );
      const ts = textOf(answer['ts']);
      remove('a message', ts);
      return ts;
    },
    async update(ts, content) {
      const scope = messageScope(team, channel, ts);
      await workspace.paced(
        scope,
        () => workspace.api.call('chat.update', { channel, ts, ...content }, signal),
        signal,
      );
    },
    async read(ts, threadTs) {
      const range = { channel, oldest: ts, latest: ts, inclusive: true, limit: 1 };
      const answer =
        threadTs === undefined
          ? await workspace.call('conversations.history', range, signal)
          : await workspace.call('conversations.replies', { ...range, ts: threadTs, limit: 10 }, signal);
      const messages = z.array(messageSchema).parse(answer['messages']);
      const found = messages.find((message) => message.ts === ts);
      if (found === undefined) throw new Error('a message that was just posted is not in the history');
      return found;
    },
  };
}

async function edits({ send, update, read, stage }: Room): Promise<void> {
  const words = (count: number) => markdownContent(`Parley live check: ${count}.`);
  const ts = await send(words(0));
  for (let count = 1; count <= EDITS; count++) await update(ts, { ...words(count) });
  const stands = readBack(await read(ts)).trim();
  const difference = firstDifference(`Parley live check: ${EDITS}.`, stands);
  if (difference === null) stage.findings.ok(`${EDITS} edits arrived, the last one last`);
  else stage.findings.warn(`The last of ${EDITS} edits did not arrive: ${difference}`, PASTE);
}

async function readsBack(room: Room, what: string, text: string): Promise<void> {
  const { send, read, kinds, stage } = room;
  const stands = await read(await send(markdownContent(text)));
  for (const { type } of stands.blocks) kinds.add(type);
  const got = readBack(stands).trim();
  const difference = firstDifference(text, got);
  if (difference === null) stage.findings.ok(`${what} is read back as it was sent`);
  else if (wordsAlone(text) === wordsAlone(got)) {
    stage.findings.ok(`${what} is read back in Slack’s own rendering, with all its words`);
  } else stage.findings.warn(`${what} is read back differently: ${difference}`, PASTE);
}

async function buttons({ send, read, stage }: Room): Promise<void> {
  const text = 'Two buttons that do nothing.';
  const view = {
    text,
    source: text,
    status: 'streaming',
    note: null,
    footer: null,
    buttons: BUTTONS,
  } as const;
  const stands = await read(await send(contentOf(view)));
  const actions = stands.blocks.find(({ type }) => type === 'actions');
  const elements = z
    .array(z.looseObject({ value: z.string().optional() }))
    .catch([])
    .parse(actions?.['elements']);
  if (elements.length === BUTTONS.length && elements.every(({ value }) => value === 'live-look')) {
    stage.findings.ok('Buttons are read back with their values');
  } else stage.findings.warn(`${elements.length} of 2 buttons are read back`, PASTE);
}

async function longText(room: Room, script: string, sample: string): Promise<void> {
  const { maxChars, lengthOf = (part: string) => part.length } = MESSAGE_LIMITS;
  const text = fillTo(maxChars, sample, lengthOf);
  await readsBack(
    room,
    `A text of ${Buffer.byteLength(text)} bytes, ${[...text].length} characters (${script})`,
    text,
  );
}

/** Text with twice as many bytes as characters shows which of them Slack counts. */
async function unitOfLength({ send, update, stage }: Room): Promise<void> {
  const { max } = SIZES.updateText;
  const ts = await send(markdownContent('A text grows here.'));
  const takes = async (text: string) => {
    try {
      await update(ts, { text, blocks: [] });
      return true;
    } catch (error) {
      if (error instanceof SlackRefusal && error.reason === 'msg_too_long') return false;
      throw error;
    }
  };
  if (await takes('x'.repeat(max)))
    stage.findings.ok(`chat.update accepts a text of ${max} bytes, as assumed`);
  else
    stage.findings.warn(`chat.update refuses a text of ${max} bytes, which Parley assumes is allowed`, PASTE);
  if (await takes('я'.repeat(max / 2 + 1))) {
    stage.findings.warn(
      `chat.update accepts ${max + 2} bytes in ${max / 2 + 1} characters, so its limit is higher; Parley assumes ${max} bytes to be safe`,
      PASTE,
    );
  } else stage.findings.ok('chat.update counts bytes of UTF-8, as assumed');
}

async function thread({ send, read, stage }: Room): Promise<void> {
  const root = await send(markdownContent('A thread starts here.'));
  const reply = await send(markdownContent('Written in the thread.'), root);
  const stands = readBack(await read(reply, root)).trim();
  if (stands === 'Written in the thread.') stage.findings.ok('A thread can be created and written to');
  else stage.findings.warn('A message in a thread is read back differently', PASTE);
}

async function file({ workspace, channel, stage, remove }: Room): Promise<void> {
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

function reportBlocks({ kinds }: Room, { findings }: Stage): void {
  const list = [...kinds].toSorted();
  if (list.length === 0) return;
  const known = list.every((kind) => kind === 'markdown' || kind === 'rich_text');
  const words = `Markdown blocks come back as ${list.join(', ')}`;
  if (known) findings.ok(words);
  else findings.warn(`${words}; Parley can read back markdown and rich_text`, PASTE);
}

function reportLimits(seen: readonly Observed[], { findings }: Stage): void {
  const limited = seen.filter(({ status }) => status === 429);
  if (limited.length === 0) findings.ok(`${seen.length} calls, none of which hit a limit`);
  for (const [route, hits] of Map.groupBy(limited, ({ route }) => route)) {
    const waits = hits.map(({ headers }) => headers.get('retry-after') ?? '?');
    findings.warn(
      `A limit was hit ${hits.length} times: ${route.replace('POST ', '')} (Retry-After ${waits.join(', ')} s)`,
      PASTE,
    );
  }
}
