import { MessageFlags } from 'discord.js';
import { NEVER } from '../../../core/kit/time/over.ts';
import type { Notice } from '../../../core/ports/surface.ts';
import { type DiscordRest, insisting } from '../rest/rest.ts';
import { type AnswerSurface, createAnswerSurface, type NextMessage } from './answer-surface.ts';
import { answerBody, type MessageBody, noticeBodies, withFilesOrWithout } from './content.ts';
import type { DiscordContext } from './context.ts';
import { canOutliveToken, createInteractionWriter, isExpired } from './interaction-writer.ts';
import { createWebhookWriter, type MessageWriter, type WebhookWriter } from './message-writers.ts';
import { findMessage, UNREAD } from './read-back.ts';
import { type InteractionPlace, sealPlace, writeReference } from './references.ts';
import { createThinking, type Thinking } from './thinking.ts';

export interface InteractionSurfaceOptions {
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  /** Whether it was asked in a thread whose messages the bot receives. Default false. */
  readonly isOverheard?: boolean;
}

/** The part of the surface that the adapter itself needs. */
export interface InteractionSurface extends AnswerSurface {
  /** Removes the "thinking" if nothing was shown. */
  endThinking(): Promise<void>;
}

/** The note under an answer that exceeds what Discord allows an app that only the user installed. */
const NO_FURTHER =
  'Discord does not let me write more here, because I am not a member of this server. In direct messages I can answer at any length.';

/** Answers an interaction through its reply and follow-ups while the token is valid, then through the channel. */
export function createInteractionSurface(
  discord: Omit<DiscordContext, 'botId' | 'tasks' | 'log'>,
  place: InteractionPlace,
  { isResumed, isOverheard = false }: InteractionSurfaceOptions,
): InteractionSurface {
  const { rest, caveat } = discord;
  const { interaction, isPrivate } = place;
  const sealedPlace = sealPlace(place, discord.sealing);
  const writer = createInteractionWriter(discord, place);
  const { webhook, patientChannel, closesAtMs } = writer;
  const patientWebhook = createWebhookWriter(insisting(rest), interaction);
  const thinking = createThinking(webhook, patientWebhook, place.acknowledged === 'thinking');
  const sign = place.botMayUseChannel ? discord.signs.of({ ...interaction, messageId: null }) : () => {};

  async function sendFurther(
    through: MessageWriter,
    { body, files, newestId, mayHaveSent }: NextMessage,
    signal: AbortSignal,
  ): Promise<string> {
    await thinking.end(signal);
    const found =
      mayHaveSent && canOutliveToken(place) ? await findFurther(rest, interaction, newestId, signal) : null;
    // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
    const further: MessageBody =
      through === webhook
        ? { ...body, flags: isPrivate ? body.flags | MessageFlags.Ephemeral : body.flags }
        : { ...body, nonce: newestId ?? interaction.id, enforce_nonce: true };
    const id = found ?? (await through.send(further, files, signal));
    // An earlier try may have sent an older text.
    if (mayHaveSent) await (through === webhook ? webhook : patientChannel).edit(id, body, files, signal);
    return id;
  }

  const surface = createAnswerSurface(
    {
      surface: {
        ...(closesAtMs === undefined ? {} : { closesAtMs }),
        canContinueInThread: place.canContinueInThread,
        isPrivate,
        isOverheard,
        ...(caveat === undefined ? {} : { caveat }),
        indicate(activity) {
          // "Thinking" already shows it.
          if (!thinking.isShown) sign(activity);
        },
        waits: thinking.say,
        tellPrivately: (notice, signal) => tellPrivately(patientWebhook, thinking, isPrivate, notice, signal),
      },
      get sendScope() {
        return writer.current.sendScope;
      },
      get editScope() {
        return writer.current.editScope;
      },
      referenceAt(newestId) {
        const acknowledged = thinking.isShown ? 'thinking' : 'silent';
        return writeReference({ ...sealedPlace, acknowledged, newestId });
      },
      async send(next, signal) {
        await thinking.settled();
        return writer.write((through) =>
          thinking.isShown && through === webhook
            ? webhook.editOriginal(next.body, next.files, signal)
            : sendFurther(through, next, signal),
        );
      },
      edit: (id, body, files, signal) => writer.write((through) => through.edit(id, body, files, signal)),
      archiveAgain: writer.archiveAgain,
      stands: thinking.replaced,
      async failed(error, _view, newest, signal) {
        if (!isExpired(error) || newest === null) return;
        await webhook.edit(newest.id, answerBody({ ...newest.view, note: NO_FURTHER }), [], signal);
      },
    },
    { newestId: place.newestId, isResumed },
  );
  return Object.assign(surface, {
    async endThinking() {
      sign('idle');
      await thinking.end(NEVER);
    },
  });
}

/** Webhooks have no nonces, but each message of an interaction names it. */
async function findFurther(
  rest: DiscordRest,
  { id, channelId }: InteractionPlace['interaction'],
  newestId: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const found = await findMessage(
    rest,
    { channelId, afterId: newestId ?? id },
    ({ flags, interaction_metadata }) =>
      interaction_metadata?.id === id && (flags & MessageFlags.Loading) === 0,
    signal,
  );
  return found === UNREAD ? null : (found?.id ?? null);
}

async function tellPrivately(
  webhook: WebhookWriter,
  thinking: Thinking,
  isPrivate: boolean,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const bodies = noticeBodies(notice.text);
  for (const [index, body] of bodies.entries()) {
    const files = index === bodies.length - 1 ? (notice.files ?? []) : [];
    if (thinking.isShown && isPrivate) {
      await thinking.settled();
      await withFilesOrWithout(body, files, (shown, sent) => webhook.editOriginal(shown, sent, signal));
      thinking.replaced();
      continue;
    }
    // The first follow-up would replace a public "thinking" and be public too.
    await thinking.end(signal);
    const flags = body.flags | MessageFlags.Ephemeral;
    await withFilesOrWithout({ ...body, flags }, files, (shown, sent) => webhook.send(shown, sent, signal));
  }
}
