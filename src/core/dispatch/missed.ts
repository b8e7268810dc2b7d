import { questionIn } from '../chat/question/job.ts';
import type { Entry } from '../coordination/journal-entry.ts';
import { orLog } from '../kit/or-log.ts';
import { plainName } from '../kit/text/text.ts';
import { platformOf } from '../ports/actor.ts';
import { addresseeOf } from '../ports/address.ts';
import type { Dispatch, MissedMessage, PostedMessage } from '../ports/events.ts';
import { isForSetup } from '../ports/operator.ts';
import { type Part, wordsIn } from '../ports/parts.ts';
import type { Hearing } from './hearing.ts';
import type { DispatchParts } from './parts.ts';

interface Claimed extends MissedMessage {
  readonly entry: Entry;
}

/** Joins several messages; if several people wrote them, each begins with its author's name. */
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

/** Messages that people wrote while the bot was away. */
export function createMissed(parts: DispatchParts): Pick<Dispatch, 'alive' | 'away' | 'missed'> {
  const { catchUp, arrivals, log } = parts;
  return {
    alive: (stream) =>
      catchUp
        .alive(stream)
        .catch(orLog(log, 'warn', { stream }, 'could not store the time of the last events')),
    away(platform, stream) {
      const words = 'could not catch up missed messages: the store does not answer';
      return catchUp.away(platform, stream).catch(orLog(log, 'error', { stream }, words, null));
    },
    async missed(found) {
      if (arrivals.isClosed) return;
      const places = Map.groupBy(found, ({ message }) => message.place.key ?? message.id);
      await Promise.all([...places.values()].map((messages) => handleMissed(parts, messages)));
    },
  };
}

/** Handles the messages of one place, oldest first, as one question of the last author. Never rejects. */
async function handleMissed(parts: DispatchParts, found: readonly MissedMessage[]): Promise<void> {
  const { teller, log } = parts;
  const last = found.at(-1);
  if (last === undefined) return;
  const claimed: Claimed[] = [];
  try {
    await claimMissed(parts, found, claimed);
    await askAbout(parts, await permitted(parts, claimed));
  } catch (error) {
    const { surface, place, id, actor } = last.message;
    log.error(
      { err: error, event: id, guild: place.guild, user: actor.user },
      'could not handle missed messages',
    );
    if (claimed.length > 0) await teller.sayFault(surface, error, id);
  } finally {
    for (const { entry } of claimed) await entry.end();
  }
}

/** Adds the messages that were for the bot and nobody has handled to `claimed`. */
async function claimMissed(
  { coordination: { locks, journal }, hearing }: DispatchParts,
  found: readonly MissedMessage[],
  claimed: Claimed[],
): Promise<void> {
  const meant: MissedMessage[] = [];
  for (const each of found) if (await wasForBot(hearing, each)) meant.push(each);
  const [first] = meant;
  if (first === undefined) return;
  // One of several processes takes all, because they are one turn.
  await locks.hold(`missed/${first.message.place.key ?? first.message.id}`, async () => {
    for (const { message, atMs } of meant) {
      const entry = await journal.claimEvent(message.id, platformOf(message.place.guild), message.surface);
      if (entry !== null) claimed.push({ message, atMs, entry });
    }
  });
}

/** Whether it was for the bot when it was written. */
async function wasForBot(
  hearing: Hearing,
  { message: { address, place, parts }, atMs }: MissedMessage,
): Promise<boolean> {
  if (isForSetup(wordsIn(parts))) return false;
  const addressee = addresseeOf(address);
  return addressee === 'bot' || (addressee === 'place' && (await hearing.isHeard(place, atMs)));
}

/** Without the messages of people who may not use the bot here. Those who spoke to it are told, once each. */
async function permitted(
  { permission, teller }: DispatchParts,
  claimed: readonly Claimed[],
): Promise<Claimed[]> {
  const open: Claimed[] = [];
  const told = new Set<string>();
  for (const each of claimed) {
    const { actor, address, surface } = each.message;
    const bar = await permission.barOf(each.message);
    if (bar === null) open.push(each);
    else if (addresseeOf(address) === 'bot' && !told.has(actor.user)) {
      told.add(actor.user);
      await teller.say(surface, bar);
    }
  }
  return open;
}

async function askAbout(
  { services: { chat }, log }: DispatchParts,
  claimed: readonly Claimed[],
): Promise<void> {
  const last = claimed.at(-1);
  if (last === undefined) return;
  const { message: newest, atMs: writtenAtMs } = last;
  log.info({ event: newest.id, missed: claimed.length }, 'handling messages written while the bot was away');
  await chat.ask({
    ...questionIn(newest),
    // An edit of one of several messages does not edit the joined question.
    ...(claimed.length === 1 && { message: newest.id }),
    parts: joinedParts(claimed.map(({ message }) => message)),
    writtenAtMs,
  });
}
