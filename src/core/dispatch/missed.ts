import type { Logger } from 'pino';
import type { Chat } from '../chat/chat.ts';
import type { Entry, Journal } from '../coordination/journal.ts';
import type { Clock } from '../kit/clock.ts';
import { plainName } from '../kit/text.ts';
import { platformOf } from '../ports/actor.ts';
import { addresseeOf } from '../ports/address.ts';
import type { MissedMessage, PostedMessage } from '../ports/events.ts';
import type { Part } from '../ports/parts.ts';
import { askedBy } from './question.ts';
import type { Teller } from './teller.ts';

/** What is older than this may have been settled otherwise: whoever wrote it is asked first. */
const ASK_FIRST_MS = 10 * 60_000;

interface Claimed {
  readonly message: PostedMessage;
  readonly entry: Entry;
}

/** Several messages as one; where several people wrote them, each begins with its author's name. */
function joinedParts(messages: readonly PostedMessage[]): Part[] {
  const isShared = new Set(messages.map(({ actor }) => actor.user)).size > 1;
  return messages.flatMap(({ parts, actor }) =>
    parts.map((part) =>
      isShared && part.type === 'text'
        ? { ...part, text: `${plainName(actor.name) || 'Somebody'}: ${part.text}` }
        : part,
    ),
  );
}

/** Deals with what was missed at one place, oldest first, as one question of whoever wrote last. Never rejects. */
export function createMissedHandler(options: {
  readonly chat: Pick<Chat, 'hears' | 'ask' | 'offer'>;
  readonly journal: Journal;
  readonly teller: Teller;
  readonly clock: Clock;
  readonly log: Logger;
}): (found: readonly MissedMessage[]) => Promise<void> {
  const { chat, journal, teller, clock, log } = options;

  async function isForBot({ address, place }: PostedMessage): Promise<boolean> {
    const addressee = addresseeOf(address);
    return addressee === 'bot' || (addressee === 'place' && (await chat.hears(place)));
  }

  /** Claims into `claimed` what nobody dealt with. What is older than something that was dealt with was seen, and left alone. */
  async function claimNewest(found: readonly MissedMessage[], claimed: Claimed[]): Promise<void> {
    for (const { message } of found.toReversed()) {
      if (!(await isForBot(message))) continue;
      const entry = await journal.begin(message.id, platformOf(message.place.guild), message.surface);
      if (entry === null) return;
      claimed.unshift({ message, entry });
    }
  }

  async function askAbout(claimed: readonly Claimed[], lastAtMs: number): Promise<void> {
    const newest = claimed.at(-1)?.message;
    if (newest === undefined) return;
    log.info(
      { event: newest.id, missed: claimed.length },
      'what was written while the bot was away is dealt with',
    );
    const question = {
      ...askedBy(newest),
      // An edit of one of several is no edit of what was asked.
      ...(claimed.length === 1 && { message: newest.id }),
      parts: joinedParts(claimed.map(({ message }) => message)),
    };
    const isOld = clock.now() - lastAtMs > ASK_FIRST_MS;
    await (isOld ? chat.offer(question) : chat.ask(question));
  }

  return async (found) => {
    const last = found.at(-1);
    if (last === undefined) return;
    const claimed: Claimed[] = [];
    try {
      await claimNewest(found, claimed);
      await askAbout(claimed, last.atMs);
    } catch (error) {
      const { surface, place, id, actor } = last.message;
      log.error(
        { err: error, event: id, guild: place.guild, user: actor.user },
        'what was missed could not be dealt with',
      );
      if (claimed.length > 0) await teller.sayFault(surface, error, id);
    } finally {
      for (const { entry } of claimed) await entry.end();
    }
  };
}
