import type { Turn } from '../conversations/conversation.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { counted } from '../kit/text/text.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Place, ThreadRead } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import { type BroughtPart, isFromThread, type QuotedPart } from '../ports/parts.ts';
import type { ImageContent } from '../ports/provider.ts';
import { mostTokens, mostTokensOfAny } from '../tokens/most-tokens.ts';
import { windowVocabulary } from './prompt.ts';
import type { BroughtReader } from './read-brought.ts';

/** A question, as far as its attachments and context are concerned. */
export interface ToGather {
  readonly place: Place;
  readonly model: Model;
  readonly brought: readonly BroughtPart[];
  /** Reads the messages of the question's thread that its conversation does not know; null if there are none to read. */
  readonly readThread: ((signal: AbortSignal) => Promise<ThreadRead>) | null;
  /** Earlier turns, oldest first. */
  readonly turns: readonly Turn[];
}

export interface Gathered {
  readonly brought: BroughtPart[];
  /** For `PromptParts.images`. */
  readonly images: ReadonlyMap<string | null, readonly ImageContent[]>;
  /** For the footer: `read 14 messages, 1 file`; null if nothing was read. */
  readonly read: string | null;
  /** Files and messages that were not read, and why. */
  readonly remarks: readonly string[];
  /** Whether there are pictures that the model cannot see. */
  readonly isBlind: boolean;
}

/** Collects everything that goes to a model besides the person's own words. Rejects only with the signal's reason. */
export type Gather = (question: ToGather, signal: AbortSignal) => Promise<Gathered>;

/** The share of the model's context for the question's thread. */
const THREAD_SHARE = 0.25;
/** Bounds what is stored with the turn, whatever the model's context. */
const MAX_THREAD_CHARS = 60_000;
/** Pictures per request: those of the question, then those of the newest turns. Each costs again. */
const MAX_IMAGES = 4;
/** Pictures of earlier turns kept in memory, in characters of base64. */
const MAX_CACHED_CHARS = 32_000_000;
/** Places that were told what the bot may not read, so that they hear it once. */
const MAX_TOLD = 1_000;

export function createGather(readBrought: BroughtReader): Gather {
  const cache = createImageCache();
  const told = new BoundedMap<string, true>(MAX_TOLD);

  async function threadOf(
    { place, model, brought, readThread }: ToGather,
    signal: AbortSignal,
  ): Promise<{ readonly messages: readonly QuotedPart[]; readonly problem: string | null }> {
    // Those that were read when the question was asked before.
    const before = brought.filter(isFromThread);
    const { messages, problem } = (await readThread?.(signal)) ?? { messages: [], problem: null };
    const isNews = problem !== null && !told.has(`${place.channel} ${problem}`);
    if (isNews) told.set(`${place.channel} ${problem}`, true);
    return {
      messages: await bounded([...before, ...messages], model, signal),
      problem: isNews ? problem : null,
    };
  }

  /** Pictures of earlier turns, to which follow-up questions may refer. Deleted ones are left out. */
  async function earlierImages(
    guild: GuildId,
    turns: readonly Turn[],
    room: number,
    signal: AbortSignal,
  ): Promise<Map<string, ImageContent[]>> {
    const images = new Map<string, ImageContent[]>();
    let left = room;
    for (const { id, brought = [] } of turns.toReversed()) {
      for (const part of brought) {
        if (left === 0) return images;
        if (part.type !== 'image' || part.unread !== undefined) continue;
        const image =
          cache.get(part.reference) ??
          (await readBrought([part], { guild, seesImages: true }, signal)).images[0]?.image;
        if (image === undefined) continue;
        cache.set(part.reference, image);
        images.set(id, [...(images.get(id) ?? []), image]);
        left--;
      }
    }
    return images;
  }

  return async (question, signal) => {
    const { place, model, turns } = question;
    const seesImages = model.input.includes('image');
    const thread = await threadOf(question, signal);
    const inQuestion = await readBrought(
      [...thread.messages, ...question.brought.filter((part) => !isFromThread(part))],
      { guild: place.guild, seesImages },
      signal,
    );
    const { brought, filesRead } = inQuestion;
    const tooMany = inQuestion.images.length - MAX_IMAGES;
    // In the order of the text that names them.
    const own = inQuestion.images
      .slice(0, MAX_IMAGES)
      .toSorted((a, b) => a.at - b.at)
      .map(({ image }) => image);
    const earlier = seesImages
      ? await earlierImages(place.guild, turns, MAX_IMAGES - own.length, signal)
      : new Map<string, ImageContent[]>();
    const messages = brought.filter(({ type }) => type === 'quoted' || type === 'forwarded').length;
    const files = filesRead - Math.max(0, tooMany);
    const read = [
      ...(messages > 0 ? [counted(messages, 'message', 'messages')] : []),
      ...(files > 0 ? [counted(files, 'file', 'files')] : []),
    ];
    return {
      brought,
      images: new Map<string | null, readonly ImageContent[]>([[null, own], ...earlier]),
      read: read.length === 0 ? null : `read ${read.join(', ')}`,
      remarks: [
        ...inQuestion.remarks,
        ...(tooMany > 0 ? [`A model gets at most ${MAX_IMAGES} images; ${tooMany} were left out.`] : []),
        ...(thread.problem === null ? [] : [thread.problem]),
      ],
      isBlind: !seesImages && hasImages(brought),
    };
  };
}

function hasImages(brought: readonly BroughtPart[]): boolean {
  return brought.some((part) =>
    'files' in part ? part.files.some(({ type }) => type === 'image') : part.type === 'image',
  );
}

/** The messages of a thread that are stored with a question: the first, and the newest, up to 60,000 characters. */
export function withinStore(messages: readonly QuotedPart[]): Promise<readonly QuotedPart[]> {
  let charsLeft = MAX_THREAD_CHARS;
  return newest(messages, async ({ text }) => {
    charsLeft -= text.length;
    return charsLeft >= 0;
  });
}

/** The messages of a thread for a model: those that are stored, up to the model's share. */
async function bounded(
  messages: readonly QuotedPart[],
  model: Model,
  signal: AbortSignal,
): Promise<readonly QuotedPart[]> {
  let left = Math.floor(model.contextTokens * THREAD_SHARE);
  return newest(await withinStore(messages), async ({ text }) => {
    const most = mostTokensOfAny(text);
    left -= most <= left / 8 ? most : await mostTokens(text, windowVocabulary(model), signal);
    return left >= 0;
  });
}

/** The first message, and the newest ones that fit beside those taken before. */
async function newest(
  messages: readonly QuotedPart[],
  take: (message: QuotedPart) => Promise<boolean>,
): Promise<readonly QuotedPart[]> {
  const [starter, ...rest] = messages;
  if (starter === undefined) return [];
  const fits = await take(starter);
  const taken: QuotedPart[] = [];
  for (const message of rest.toReversed()) {
    if (!(await take(message))) break;
    taken.unshift(message);
  }
  return fits ? [starter, ...taken] : taken;
}

function createImageCache() {
  const images = new Map<string, ImageContent>();
  let chars = 0;
  return {
    get: (reference: string) => images.get(reference),
    set(reference: string, image: ImageContent) {
      if (images.has(reference)) return;
      images.set(reference, image);
      chars += image.base64.length;
      for (const [oldest, { base64 }] of images) {
        if (chars <= MAX_CACHED_CHARS) return;
        images.delete(oldest);
        chars -= base64.length;
      }
    },
  };
}
