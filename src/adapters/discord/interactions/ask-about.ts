import { ComponentType, type Message, Routes, TextInputStyle } from 'discord.js';
import { BoundedMap } from '../../../core/kit/bounded-map.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { QuotedPart } from '../../../core/ports/parts.ts';
import { ASK_ABOUT } from '../gateway/declarations.ts';
import { apiMessage, asApiMessage, quotedPart } from '../messages/message-parts.ts';
import { publicNamesIn } from '../messages/names.ts';
import type { DiscordRest } from '../rest/rest.ts';

/** Forms that ask for a question about a message. */
export type Abouts = ReturnType<typeof createAbouts>;

/** If the bot is not a member, Discord sends the message only with the menu, so it is kept while its form may be open. */
const KEPT_MS = 15 * 60_000;
const MAX_KEPT = 500;

/** Keeps the messages of the newest 500 forms, each for 15 minutes. Later, a message is read again if the bot may. */
export function createAbouts(rest: DiscordRest, clock: Clock) {
  const kept = new BoundedMap<string, { readonly part: QuotedPart; readonly untilMs: number }>(MAX_KEPT);

  return {
    formFor(message: Message): object {
      const customId = `about:${message.channelId}:${message.id}`;
      kept.set(customId, {
        part: quotedPart(asApiMessage(message), 'pointed', publicNamesIn(message.guild)),
        untilMs: clock.now() + KEPT_MS,
      });
      const input = { type: ComponentType.TextInput, style: TextInputStyle.Paragraph, max_length: 4_000 };
      return {
        custom_id: customId,
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
    /** Whether a form's custom id is one of these. */
    isAbout: (customId: string) => ABOUT.test(customId),
    /** The form's message with its whole content; empty if it is gone. */
    async messageOf(customId: string, signal: AbortSignal): Promise<QuotedPart[]> {
      const known = kept.get(customId);
      if (known !== undefined && clock.now() < known.untilMs) return [known.part];
      kept.delete(customId);
      // Another process opened the form, or the message may have changed since.
      const [, channelId = '', id = ''] = ABOUT.exec(customId) ?? [];
      const path = Routes.channelMessage(channelId, id);
      const answer = await rest.insist({ method: 'GET', path }, signal).catch(() => null);
      const message = apiMessage.safeParse(answer);
      return message.success ? [quotedPart(message.data, 'pointed', publicNamesIn(null))] : [];
    },
  };
}

const ABOUT = /^about:(\d+):(\d+)$/;
