import type { Logger } from 'pino';
import { refusalByLists } from '../../access/lists.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import { type Conversation, type Memory, memoryBefore } from '../../conversations/conversation.ts';
import type { SettingsHere } from '../../conversations/settings.ts';
import type { Seen } from '../../coordination/collection.ts';
import { orLog } from '../../kit/or-log.ts';
import type { Look, ModelRequests } from '../../ledger/model-requests.ts';
import type { ModelChooser, SeeingModel } from '../../model-choice/chooser.ts';
import { mayActAs, type Roles, type Whose } from '../../ports/actor.ts';
import type { Model } from '../../ports/model.ts';
import { type BroughtPart, broughtIn, wordsIn } from '../../ports/parts.ts';
import type { Surface } from '../../ports/surface.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Gather, Gathered } from '../../prompt/gather.ts';
import { withoutSecrets } from '../../prompt/secrets.ts';
import type { Attempt } from './attempt.ts';
import { recordOf } from './job.ts';
import type { Obstacles } from './obstacles.ts';
import { unheard } from './unheard.ts';

/** Everything a question needs before a model is asked. */
export interface Prepared {
  readonly ok: true;
  /** The conversation as it was read, to be replaced by that with this turn. */
  readonly seen: Seen<Conversation>;
  /** Whether nobody was told yet that the bot listens here. */
  readonly isUntold: boolean;
  readonly here: SettingsHere;
  readonly looked: Look;
  readonly model: Model;
  /** Earlier turns for the prompt. */
  readonly memory: Memory;
  readonly brought: BroughtPart[];
  readonly images: Gathered['images'];
  /** As `Gathered.read`. */
  readonly read: string | null;
  /** Remarks for the asker, such as files that were not read. */
  readonly remarks: readonly string[];
}

export interface NotPrepared {
  readonly ok: false;
  /** The reason, for the asker. */
  readonly text: string;
}

/** Rejects with the attempt's reason if it is stopped. */
export type Prepare = (attempt: Attempt) => Promise<Prepared | NotPrepared>;

export interface PreparationOptions {
  readonly records: Pick<ChatRecords, 'conversations' | 'answers' | 'listening' | 'settings'>;
  readonly models: Pick<ModelRequests, 'look'>;
  readonly choose: ModelChooser;
  readonly seeing: SeeingModel;
  readonly gather: Gather;
  readonly roles: Roles;
  readonly obstacles: Obstacles;
  readonly telemetry: Pick<Telemetry, 'obstructed'>;
  readonly log: Logger;
}

/** Reads settings and access, picks the model and collects what was brought. Nothing is reserved or shown yet. */
export function createPreparation(options: PreparationOptions): Prepare {
  const { models, obstacles, log } = options;
  const { conversations, answers, listening, settings } = options.records;

  async function prepare({ job, id, signal }: Attempt): Promise<Prepared | NotPrepared> {
    const { question, asker, conversation, turn } = job;
    const { actor, place, surface } = question;
    const obstacle = obstacles.at(place) ?? (await obstacleOf(surface, signal));
    if (obstacle !== null) {
      options.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: obstacle });
      return { ok: false, text: obstacle };
    }
    const looking = conversations.look(conversation);
    const [seen, isUntold, here, looked] = await Promise.all([
      looking,
      place.key === null || listening.isUntold(place.key, conversation),
      settings.at({
        place,
        user: actor.user,
        conversation: looking.then(({ value }) => value ?? null),
      }),
      models.look(actor),
    ]);
    const begun = seen.value ?? null;
    const isAdmin = async () => mayActAs(await options.roles(actor), 'admin');
    const refusal = await refusalByLists(here.lists, { actor, place }, isAdmin);
    if (refusal !== null) return { ok: false, text: refusal };
    const asked = question.model ?? null;
    const chosen = await options.choose({ whose: actor, decide: looked.decide, setting: here.model, asked });
    if (!chosen.ok) {
      const { text, forAdmins } = chosen;
      const tellsAdmin = forAdmins !== null && (await isAdmin());
      return { ok: false, text: tellsAdmin ? `${text} ${forAdmins}` : text };
    }
    const { model, remark } = chosen;
    const memory: Memory =
      begun === null || question.isAboutThread ? { summary: null, turns: [] } : memoryBefore(begun, turn);
    const gathered = await options.gather(
      {
        place,
        model,
        brought: broughtIn(question.parts),
        readThread: await unheard(listening, question, { readsThreads: here.readsContext, begun, turn }),
        turns: memory.turns,
      },
      signal,
    );
    const safe = withoutSecrets(gathered.brought, asker.user);
    if (!safe.ok) return safe;
    const { brought } = safe;
    // Stored so that a retry need not read it again.
    if (brought.length > 0) await answers.save({ ...recordOf(job, id), brought });
    const unseen = gathered.isBlind ? await blindness(model, actor) : null;
    const remarks = [remark, unseen, ...gathered.remarks].filter((line) => line !== null);
    const { images, read } = gathered;
    if (wordsIn(question.parts) === '' && read === null) {
      return { ok: false, text: ['I could not read any of your attachments.', ...remarks].join('\n') };
    }
    return { ok: true, seen, isUntold, here, looked, model, memory, brought, images, read, remarks };
  }

  /** Says that a model cannot see pictures, and which one can. */
  async function blindness(model: Model, whose: Whose): Promise<string> {
    const other = await options.seeing(whose);
    const remedy = other === null ? '' : ` ${other.name} can; pick it with \`/model\`.`;
    return `${model.name} cannot see pictures.${remedy}`;
  }

  /** The reason why nothing can be posted here, if the platform tells before a model is asked. */
  async function obstacleOf(surface: Surface, signal: AbortSignal): Promise<string | null> {
    if (surface.obstacle === undefined) return null;
    const unknown = orLog(log, 'debug', {}, 'could not check whether the bot may post', null);
    return surface.obstacle(signal).catch(unknown);
  }

  return prepare;
}
