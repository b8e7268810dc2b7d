import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import type { Sealing } from '../../../core/kit/secrets/sealing.ts';

const messagePlace = z.object({
  kind: z.literal('message'),
  question: z.object({
    channelId: z.string(),
    messageId: z.string(),
    authorId: z.string(),
    guildId: z.string().nullable(),
  }),
  /** The place of the answer. Changes from `thread` to `reply` if a thread is impossible. */
  spot: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('here') }),
    z.object({ kind: z.literal('reply') }),
    z.object({ kind: z.literal('thread'), title: z.string() }),
  ]),
  canContinueInThread: z.boolean(),
  /** The newest message of the answer; null if there is none yet. */
  newestId: z.string().nullable(),
});

const interactionPlace = z.object({
  kind: z.literal('interaction'),
  interaction: z.object({
    id: z.string(),
    token: z.string(),
    applicationId: z.string(),
    channelId: z.string(),
    /** By the clock of the process that received it, in milliseconds since the epoch. */
    receivedAtMs: z.number(),
  }),
  /** `thinking`: Discord shows that an answer is coming. `silent`: it does not, or the answer has come. */
  acknowledged: z.enum(['thinking', 'silent']),
  isPrivate: z.boolean(),
  /** Whether the bot itself, and not only the interaction, may read and write in the channel. */
  botMayUseChannel: z.boolean(),
  canContinueInThread: z.boolean(),
  /** The newest message of the answer; null if there is none yet. */
  newestId: z.string().nullable(),
});

const placeSchema = z.discriminatedUnion('kind', [messagePlace, interactionPlace]);

export type MessagePlace = z.infer<typeof messagePlace>;
export type InteractionPlace = z.infer<typeof interactionPlace>;

/** The place with its token encrypted, so that it can be stored. Call once per surface, because each encryption differs. */
export function sealPlace(place: InteractionPlace, sealing: Sealing): InteractionPlace {
  const { interaction } = place;
  return {
    ...place,
    interaction: { ...interaction, token: sealing.seal(interaction.token, interaction.id) },
  };
}

/**
 * Serialises the place of an answer, so that another process can find it. Call `sealPlace` on an interaction's place first.
 */
export function writeReference(place: MessagePlace | InteractionPlace): string {
  return JSON.stringify(place);
}

/** Parses a reference; null if it is not from this bot. */
export function readReference(text: string, sealing: Sealing): MessagePlace | InteractionPlace | null {
  const place = placeSchema.safeParse(parseJson(text));
  if (!place.success || place.data.kind === 'message') return place.data ?? null;
  const { interaction } = place.data;
  const token = sealing.unseal(interaction.token, interaction.id);
  return token === null ? null : { ...place.data, interaction: { ...interaction, token } };
}
