import type { AnswerState } from '../../coordination/journal.ts';
import { createReply } from '../../delivery/reply.ts';
import { platformOf } from '../../ports/actor.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import type { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Place } from '../../ports/events.ts';
import type { Model } from '../../ports/model.ts';
import type { Surface } from '../../ports/surface.ts';
import { createTell, type Tell } from '../answer/tell.ts';
import type { Attempt, Job, QuestionRunnerOptions } from './job.ts';
import type { Obstacles } from './obstacles.ts';

const LOCKED =
  'The thread was locked before my answer was complete. I will finish it there once somebody unlocks the thread.';
const REFUSED =
  'The platform refused the rest of my answer, so I stopped. Ask again; if it happens again, tell the operator of this bot.';

/** Messages to the asker beside or instead of an answer. */
export interface Asides {
  readonly tell: Tell;
  /** Shows what the question may cost, with a button to confirm. */
  offer(job: Job, attempt: Attempt, model: Model, text: string): Promise<void>;
  /** Tells the asker that the answer cannot be shown. Later askers there learn it before it costs anything. */
  tellOfObstacle(surface: Surface, place: Place, gone: PlaceGone): Promise<void>;
  /** Tells the asker the remarks that did not fit under the answer. */
  tellRest(surface: Surface, remarks: readonly string[]): Promise<void>;
  /** Keeps the answer until its place is unlocked, and tells the asker. */
  hold(
    surface: Surface,
    place: Place,
    held: { readonly at: string; readonly state: AnswerState },
  ): Promise<void>;
}

/** @param abandoned ends delivery at once */
export function createAsides(
  options: QuestionRunnerOptions,
  obstacles: Obstacles,
  abandoned: AbortSignal,
): Asides {
  const { conversations, clock, log } = options;
  const tell = createTell(options.nameOperator, abandoned);

  async function offer(
    { question, conversation }: Job,
    { id, askedAtMs, entry }: Attempt,
    model: Model,
    text: string,
  ) {
    const { surface } = question;
    const reply = createReply({
      surface,
      limiters: options.limiters,
      clock,
      log,
      buttons: [],
      async onOpen({ key, threadKey }) {
        await entry.keep();
        for (const place of [key, threadKey]) if (place) await conversations.attach(conversation, place);
      },
      signal: AbortSignal.any([abandoned, entry.lost]),
    });
    const ending = { status: 'complete', note: null, footer: null } as const;
    entry.watch(() => ({ id, model: model.id, askedAtMs, text: '', images: 0, ending, ...reply.progress }));
    reply.write(text);
    await reply.finish({ ...ending, buttons: buttonsAt(id, { state: 'priced' }) });
  }

  async function tellOfObstacle(surface: Surface, place: Place, gone: PlaceGone): Promise<void> {
    const text = gone.reason === 'refused' ? REFUSED : gone.advice;
    if (text === null) return;
    options.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: text });
    if (gone.reason !== 'refused') obstacles.note(place, gone.extent, text);
    await tell(surface, text).catch((error: unknown) => {
      log.warn({ err: error }, 'could not tell the asker that the bot may not post');
    });
  }

  async function tellRest(surface: Surface, remarks: readonly string[]): Promise<void> {
    const text = `**More on this answer**\n${remarks.map((line) => `- ${line}`).join('\n')}`;
    await tell(surface, text).catch((error: unknown) => {
      log.warn({ err: error }, 'could not tell the asker the other remarks on an answer');
    });
  }

  async function hold(
    surface: Surface,
    { guild }: Place,
    { at, state }: { readonly at: string; readonly state: AnswerState },
  ): Promise<void> {
    const { reference } = surface;
    if (reference === undefined) return;
    const platform = platformOf(guild);
    await options.held.hold({ platform, at, reference, state, tries: 0 });
    await tell(surface, LOCKED).catch((error: unknown) => {
      log.warn({ err: error, answer: state.id }, 'could not tell the asker that the place is locked');
    });
    // The place may have been unlocked before the answer was kept.
    options.opened(platform, at);
  }

  return { tell, offer, tellOfObstacle, tellRest, hold };
}
