import { ComponentType, type Message, Routes, TextInputStyle } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import type { QuotedPart } from '../../../core/ports/parts.ts';
import { ASK_ABOUT } from '../gateway/declarations.ts';
import { apiMessage, asApiMessage, quotedPart } from '../messages/message-parts.ts';
import { publicNamesIn } from '../messages/names.ts';
import type { DiscordRest } from '../rest/rest.ts';

/** A form about a message. */
export interface About {
  /** The message with its whole content; null if it is gone. */
  message(signal: AbortSignal): Promise<QuotedPart | null>;
}

export interface Abouts {
  /** The form that asks for a question about a message. */
  formFor(message: Message): object;
  /** The form behind a custom id; null if it is none of these. */
  read(customId: string): About | null;
}

/** Where the bot is not a member, Discord sends the message only with the menu, so it is kept while its form may be open. */
const KEPT_MS = 15 * 60_000;
const MAX_KEPT = 500;

/** Keeps at most 500 messages, each for 15 minutes. Later, a message is read again if the bot may. */
export function createAbouts(rest: DiscordRest, clock: Clock): Abouts {
  const kept = new Map<string, { readonly part: QuotedPart; readonly untilMs: number }>();

  return {
    formFor(message) {
      const key = `${message.channelId}:${message.id}`;
      kept.delete(key);
      kept.set(key, {
        part: quotedPart(asApiMessage(message), 'pointed', publicNamesIn(message.guild)),
        untilMs: clock.now() + KEPT_MS,
      });
      for (const [oldest, { untilMs }] of kept) {
        if (untilMs > clock.now() && kept.size <= MAX_KEPT) break;
        kept.delete(oldest);
      }
      const input = { type: ComponentType.TextInput, style: TextInputStyle.Paragraph, max_length: 4_000 };
      return {
        custom_id: `about:${key}`,
        title: ASK_ABOUT,
        components: [
          {
            type: ComponentType.Label,
            label: 'What do you want to know?',
            component: { ...input, custom_id: 'prompt', required: true },
          },
        ],
      };
    },
    read(customId) {
      const [, channelId = '', id = ''] = /^about:(\d+):(\d+)$/.exec(customId) ?? [];
      if (id === '') return null;
      return {
        async message(signal) {
          const known = kept.get(`${channelId}:${id}`);
          if (known !== undefined) return known.part;
          // Another process opened the form.
          const path = Routes.channelMessage(channelId, id);
          const answer = await rest.insist({ method: 'GET', path }, signal).catch(() => null);
          const message = apiMessage.safeParse(answer);
          return message.success ? quotedPart(message.data, 'pointed', publicNamesIn(null)) : null;
        },
      };
    },
  };
}
