import { MessageFlags } from 'discord.js';
import { NEVER } from '../../../core/kit/time/over.ts';
import type { Activity, LiveMessage, Notice } from '../../../core/ports/surface.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { AnswerSurface, type NextMessage } from './answer-surface.ts';
import { answerBody, type MessageBody, noticeBodies, withFilesOrWithout } from './content.ts';
import type { DiscordContext } from './context.ts';
import { canOutliveToken, InteractionWriter, isExpired } from './interaction-writer.ts';
import type { MessageWriter } from './message-writers.ts';
import { findMessage, UNREAD } from './read-back.ts';
import { type InteractionPlace, sealPlace, writeReference } from './references.ts';
import { Thinking } from './thinking.ts';
import type { WaitingSign } from './waiting-signs.ts';

export interface InteractionSurfaceOptions {
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  /** Whether it was asked in a thread whose messages the bot receives. Default false. */
  readonly isOverheard?: boolean;
}

/** The note under an answer that exceeds what Discord allows an app that only the user installed. */
const NO_FURTHER =
  'Discord does not let me write more here, because I am not a member of this server. In direct messages I can answer at any length.';

/** Answers an interaction through its reply and follow-ups while the token is valid, then through the channel. */
export class InteractionSurface extends AnswerSurface {
  readonly isPrivate: boolean;
  readonly isOverheard: boolean;
  readonly caveat: string | undefined;
  readonly closesAtMs: number | undefined;
  protected readonly writer: InteractionWriter;
  readonly #rest: DiscordRest;
  /** With an encrypted token. */
  readonly #place: InteractionPlace;
  readonly #thinking: Thinking;
  readonly #sign: WaitingSign | null;

  constructor(
    discord: Omit<DiscordContext, 'botId' | 'tasks' | 'log'>,
    place: InteractionPlace,
    { isResumed, isOverheard = false }: InteractionSurfaceOptions,
  ) {
    super(place, isResumed);
    const { channelId } = place.interaction;
    this.isPrivate = place.isPrivate;
    this.isOverheard = isOverheard;
    this.caveat = discord.caveat;
    this.writer = new InteractionWriter(discord, place);
    this.closesAtMs = this.writer.closesAtMs;
    this.#rest = discord.rest;
    this.#place = sealPlace(place, discord.sealing);
    this.#thinking = new Thinking(this.writer, place.acknowledged === 'thinking');
    this.#sign = place.botMayUseChannel ? discord.signs.of({ channelId, messageId: null }) : null;
  }

  get reference(): string {
    const acknowledged = this.#thinking.isShown ? 'thinking' : 'silent';
    return writeReference({ ...this.#place, acknowledged, newestId: this.newestId });
  }

  indicate(activity: Activity): void {
    // "Thinking" already shows it.
    if (!this.#thinking.isShown) this.#sign?.show(activity);
  }

  waits(words: string): void {
    this.#thinking.say(words);
  }

  /** Removes the "thinking" if nothing was shown. */
  async endThinking(): Promise<void> {
    this.#sign?.show('idle');
    await this.#thinking.end(NEVER);
  }

  async tellPrivately({ text, files = [] }: Notice, signal: AbortSignal): Promise<void> {
    const webhook = this.writer.patientWebhook;
    const bodies = noticeBodies(text);
    for (const [index, body] of bodies.entries()) {
      const last = index === bodies.length - 1 ? files : [];
      if (this.#thinking.isShown && this.isPrivate) {
        await this.#thinking.settled();
        await withFilesOrWithout(body, last, (shown, sent) => webhook.editOriginal(shown, sent, signal));
        this.#thinking.isShown = false;
        continue;
      }
      // The first follow-up would replace a public "thinking" and be public too.
      await this.#thinking.end(signal);
      const hidden = { ...body, flags: body.flags | MessageFlags.Ephemeral };
      await withFilesOrWithout(hidden, last, (shown, sent) => webhook.send(shown, sent, signal));
    }
  }

  override adopt(id: string): LiveMessage {
    this.#thinking.isShown = false;
    return super.adopt(id);
  }

  protected async post(next: NextMessage, signal: AbortSignal): Promise<string> {
    await this.#thinking.settled();
    const { webhook } = this.writer;
    try {
      return await this.writer.write((through) =>
        this.#thinking.isShown && through === webhook
          ? webhook.editOriginal(next.body, next.files, signal)
          : this.#postFurther(through, next, signal),
      );
    } catch (error) {
      const { newestId, newestView } = next;
      if (isExpired(error) && newestId !== null && newestView !== null) {
        await webhook.edit(newestId, answerBody({ ...newestView, note: NO_FURTHER }), [], signal);
      }
      throw error;
    }
  }

  async #postFurther(
    through: MessageWriter,
    { body, files, newestId, mayHaveSent }: NextMessage,
    signal: AbortSignal,
  ): Promise<string> {
    await this.#thinking.end(signal);
    const { webhook, patientChannel } = this.writer;
    const { interaction } = this.#place;
    const found =
      mayHaveSent && canOutliveToken(this.#place)
        ? await findFurther(this.#rest, interaction, newestId, signal)
        : null;
    // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
    const further: MessageBody =
      through === webhook
        ? { ...body, flags: this.isPrivate ? body.flags | MessageFlags.Ephemeral : body.flags }
        : { ...body, nonce: newestId ?? interaction.id, enforce_nonce: true };
    const id = found ?? (await through.send(further, files, signal));
    // An earlier try may have sent an older text.
    if (mayHaveSent) await (through === webhook ? webhook : patientChannel).edit(id, body, files, signal);
    return id;
  }
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
