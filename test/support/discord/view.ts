import { FLAGS } from './limits.ts';
import { isLoading, userOf } from './wire.ts';
import { type Message, messagesIn, shown, type World } from './world.ts';

export interface SeenButton {
  readonly label: string;
  readonly customId: string | null;
  readonly url: string | null;
  readonly disabled: boolean;
}

/** A message as a person sees it. */
export interface SeenMessage {
  readonly id: string;
  readonly channelId: string;
  readonly author: string;
  readonly fromBot: boolean;
  readonly content: string;
  readonly embeds: readonly Record<string, unknown>[];
  /** The components as they were sent. */
  readonly components: readonly Record<string, unknown>[];
  readonly buttons: readonly SeenButton[];
  /** All that can be read in it: content, embeds and text displays. */
  readonly text: string;
  readonly files: readonly {
    readonly name: string;
    readonly description: string | null;
    readonly bytes: Uint8Array;
  }[];
  /** "Parley is thinking…" */
  readonly thinking: boolean;
  readonly onlyVisibleTo: string | null;
  /** Suppresses notifications, embeds and the like. */
  readonly flags: number;
  readonly repliesTo: string | null;
  readonly threadId: string | null;
  /** Everybody whom it notified at any time. */
  readonly pings: readonly string[];
  readonly reactions: readonly string[];
  /** Its contents over time, the newest last; more than one entry means that it was edited. */
  readonly history: readonly { readonly atMs: number; readonly content: string; readonly text: string }[];
  readonly createdAtMs: number;
}

/** The messages that somebody sees in a channel, oldest first; without `userId`, those that everybody sees. */
export function seenIn(world: World, channelId: string, userId?: string): SeenMessage[] {
  return messagesIn(world, channelId)
    .filter((message) => message.ephemeralTo === null || message.ephemeralTo === userId)
    .map((message) => seen(world, message));
}

export function seen(world: World, message: Message): SeenMessage {
  const now = shown(message);
  return {
    id: message.id,
    channelId: message.channelId,
    author: userOf(world, message.authorId).username,
    fromBot: userOf(world, message.authorId).bot,
    content: now.content,
    embeds: now.embeds,
    components: now.components,
    buttons: now.components.flatMap(buttonsOf),
    text: textOf(now),
    files: message.attachments.map(({ filename, description, bytes }) => ({
      name: filename,
      description,
      bytes,
    })),
    thinking: isLoading(message),
    onlyVisibleTo: message.ephemeralTo,
    flags: message.flags & ~(FLAGS.ephemeral | FLAGS.loading),
    repliesTo: message.repliesTo,
    threadId: message.threadId,
    pings: message.pings,
    reactions: [...message.reactions].filter(([, users]) => users.size > 0).map(([emoji]) => emoji),
    history: message.revisions.map((each) => ({
      atMs: each.atMs,
      content: each.content,
      text: textOf(each),
    })),
    createdAtMs: message.revisions[0]?.atMs ?? 0,
  };
}

type Json = Record<string, unknown>;

function textOf(shown: { content: string; embeds: readonly Json[]; components: readonly Json[] }): string {
  const embeds = shown.embeds.flatMap((embed) => {
    const fields = (embed['fields'] ?? []) as Json[];
    const footer = embed['footer'] as Json | undefined;
    return [
      embed['title'],
      embed['description'],
      ...fields.flatMap((each) => [each['name'], each['value']]),
      footer?.['text'],
    ];
  });
  return [shown.content, ...embeds, ...shown.components.flatMap(displayed)].filter(Boolean).join('\n');
}

function childrenOf(component: Json): Json[] {
  return [
    ...((component['components'] ?? []) as Json[]),
    ...(component['accessory'] ? [component['accessory'] as Json] : []),
  ];
}

function displayed(component: Json): string[] {
  const own = component['type'] === 10 ? [String(component['content'])] : [];
  return [...own, ...childrenOf(component).flatMap(displayed)];
}

function buttonsOf(component: Json): SeenButton[] {
  if (component['type'] !== 2) return childrenOf(component).flatMap(buttonsOf);
  return [
    {
      label: String(component['label'] ?? ''),
      customId: (component['custom_id'] as string | undefined) ?? null,
      url: (component['url'] as string | undefined) ?? null,
      disabled: component['disabled'] === true,
    },
  ];
}
