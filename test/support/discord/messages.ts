import { apiError } from './errors.ts';
import type { Announcer } from './events.ts';
import { FLAGS, type MessageBody } from './limits.ts';
import { pingsOf, type Sender } from './mentions.ts';
import { type Attachment, CHANNEL, type Channel, type Message, shown, type World } from './world.ts';

/** Nonces are remembered "in the past few minutes". */
const NONCE_MEMORY_MS = 5 * 60_000;

export interface Draft {
  readonly channel: Channel;
  readonly authorId: string;
  readonly body: MessageBody;
  readonly files?: readonly Attachment[];
  readonly sender?: Sender;
  readonly ephemeralTo?: string | null;
  readonly interaction?: { readonly id: string; readonly userId: string };
  readonly type?: number;
  readonly forwards?: Message;
  /** Forum posts: the first message has the thread's id. */
  readonly id?: string;
}

/** Creates, changes and removes messages and threads: in the state, and for everybody who hears of it. */
export interface MessageBoard {
  /** Posts, or returns the message that the same nonce made before. */
  post(draft: Draft): Message;
  edit(message: Message, body: MessageBody, files: readonly Attachment[], sender: Sender): void;
  /** Tells of a change that is no edit. */
  announceUpdate(message: Message): void;
  /** Turns a deferred "thinking" message into what it was for. */
  fulfil(message: Message, body: MessageBody, files: readonly Attachment[]): void;
  remove(message: Message): void;
  openThread(parent: Channel, options: ThreadOptions): Channel;
  setArchived(thread: Channel, archived: boolean): void;
}

export interface ThreadOptions {
  readonly name: string;
  readonly ownerId: string;
  readonly type: number;
  readonly fromMessage?: Message;
  readonly autoArchiveMinutes?: number;
  /** Its members besides its owner. */
  readonly members?: readonly string[];
}

export function createMessageBoard(world: World, announce: Announcer): MessageBoard {
  function post(draft: Draft): Message {
    const { channel, body } = draft;
    const nonce = body.nonce == null ? null : String(body.nonce);
    const duplicate = nonce !== null && body.enforce_nonce ? byNonce(draft.authorId, nonce) : undefined;
    if (duplicate) return duplicate;

    const content = trimmed(body.content);
    const files = draft.files ?? [];
    const loading = ((body.flags ?? 0) & FLAGS.loading) !== 0;
    if (!loading && !draft.forwards && isEmpty(content, body, files)) throw apiError('emptyMessage');
    const repliesTo = referenced(channel, body);
    const sender = draft.sender ?? 'bot';
    const message: Message = {
      id: draft.id ?? world.nextId(),
      channelId: channel.id,
      authorId: draft.authorId,
      type: draft.type ?? (repliesTo ? 19 : 0),
      webhookId: webhookOf(draft),
      ephemeralTo: draft.ephemeralTo ?? null,
      repliesTo: repliesTo?.id ?? null,
      forwards: draft.forwards ?? null,
      nonce,
      interaction: draft.interaction ?? null,
      flags: body.flags ?? 0,
      revisions: [
        {
          atMs: world.clock.now(),
          content,
          embeds: body.embeds ?? [],
          components: body.components ?? [],
        },
      ],
      attachments: [...files],
      pings: pingsOf(content, body.allowed_mentions, sender, repliesTo?.authorId ?? null),
      reactions: new Map(),
      threadId: null,
    };
    world.messages.set(message.id, message);
    // Sending wakes an archived thread.
    if (channel.thread?.archived) setArchived(channel, false);
    announce.messageCreated(message);
    return message;
  }

  /** Answers to interactions come from a webhook that has the application's id; others have their own. */
  function webhookOf({ sender, interaction, authorId }: Draft): string | null {
    if (sender !== 'webhook') return null;
    return interaction ? world.application.id : authorId;
  }

  function byNonce(authorId: string, nonce: string): Message | undefined {
    return [...world.messages.values()].find(
      (message) =>
        message.authorId === authorId &&
        message.nonce === nonce &&
        world.clock.now() - (message.revisions[0]?.atMs ?? 0) < NONCE_MEMORY_MS,
    );
  }

  function referenced(channel: Channel, body: MessageBody): Message | null {
    if (!body.message_reference) return null;
    const message = world.messages.get(body.message_reference.message_id);
    if (message?.channelId === channel.id) return message;
    if (body.message_reference.fail_if_not_exists === false) return null;
    throw apiError('unknownMessage');
  }

  function revise(message: Message, body: MessageBody, files: readonly Attachment[], sender: Sender): void {
    const before = shown(message);
    const content = body.content === undefined ? before.content : trimmed(body.content);
    const embeds = body.embeds === undefined ? before.embeds : (body.embeds ?? []);
    const components = body.components === undefined ? before.components : (body.components ?? []);
    // Those that the edit does not name are removed; without the field all stay.
    if (body.attachments != null) {
      const kept = new Set(body.attachments.map(({ id }) => String(id)));
      const staying = message.attachments.filter(({ id }) => kept.has(id));
      message.attachments.splice(0, message.attachments.length, ...staying);
    }
    message.attachments.push(...files);
    if (
      isEmpty(content, { ...body, embeds: [...embeds], components: components as never }, message.attachments)
    ) {
      throw apiError('emptyMessage');
    }
    message.revisions.push({ atMs: world.clock.now(), content, embeds, components });
    if (body.flags != null) message.flags |= body.flags & (FLAGS.componentsV2 | FLAGS.suppressEmbeds);
    for (const ping of pingsOf(content, body.allowed_mentions, sender, null)) {
      if (!message.pings.includes(ping)) message.pings.push(ping);
    }
  }

  function setArchived(thread: Channel, archived: boolean): void {
    if (!thread.thread) throw new Error('not a thread');
    thread.thread.archived = archived;
    announce.channelUpdated(thread);
  }

  return {
    post,
    edit(message, body, files, sender) {
      revise(message, body, files, sender);
      announce.messageUpdated(message);
    },
    announceUpdate: (message) => announce.messageUpdated(message),
    fulfil(message, body, files) {
      revise(message, body, files, 'webhook');
      // The "thinking" state was never content, so it is no edit either.
      message.revisions.splice(0, message.revisions.length - 1);
      message.flags &= ~FLAGS.loading;
      announce.messageUpdated(message);
    },
    remove(message) {
      world.messages.delete(message.id);
      announce.messageDeleted(message);
    },
    openThread(parent, options) {
      const thread: Channel = {
        // A thread that starts from a message has the message's id.
        id: options.fromMessage?.id ?? world.nextId(),
        type: options.type,
        guildId: parent.guildId,
        parentId: parent.id,
        name: options.name,
        overwrites: [],
        recipientIds: [],
        thread: {
          ownerId: options.ownerId,
          memberIds: new Set([options.ownerId, ...(options.members ?? [])]),
          autoArchiveMinutes: options.autoArchiveMinutes ?? 1440,
          archived: false,
          locked: false,
        },
      };
      world.channels.set(thread.id, thread);
      if (options.fromMessage) options.fromMessage.threadId = thread.id;
      announce.channelCreated(thread);
      if (options.fromMessage) announce.messageUpdated(options.fromMessage);
      return thread;
    },
    setArchived,
  };
}

/** Discord cuts white space from both ends of a message. Not documented; every client shows it. */
function trimmed(content: string | null | undefined): string {
  return (content ?? '').trim();
}

function isEmpty(content: string, body: MessageBody, files: readonly Attachment[]): boolean {
  return content === '' && !body.embeds?.length && !body.components?.length && files.length === 0;
}

export function isThread(channel: Channel): boolean {
  return channel.type === CHANNEL.publicThread || channel.type === CHANNEL.privateThread;
}
