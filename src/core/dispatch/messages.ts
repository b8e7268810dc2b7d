import { questionIn } from '../chat/question/job.ts';
import { addresseeOf } from '../ports/address.ts';
import { type Dispatch, editOf } from '../ports/events.ts';
import { isForSetup } from '../ports/operator.ts';
import { broughtIn, wordsIn } from '../ports/parts.ts';
import type { DispatchParts } from './parts.ts';

/** Longer than messages on Discord and Slack; bounds the store and the token estimate. */
const MAX_MESSAGE_CHARS = 40_000;

const NOTHING_ASKED = 'Ask me a question, or type `/help` to see what I can do.';

function tooLong(chars: number): string {
  const [length, most] = [chars, MAX_MESSAGE_CHARS].map((count) => count.toLocaleString('en-US'));
  return `That is ${length} characters long; the maximum is ${most}.`;
}

/** People's messages: new, edited and deleted ones. */
export function createMessages({
  services: { chat },
  catchUp,
  arrivals,
  hearing,
  permission,
  teller,
}: DispatchParts): Pick<Dispatch, 'hears' | 'channelRules' | 'message' | 'wasAsked' | 'edited' | 'retract'> {
  return {
    hears: hearing.hears,
    channelRules: hearing.channelRules,

    async message(message) {
      const { place, surface, id, parts } = message;
      const addressee = addresseeOf(message.address);
      if (addressee === 'others' || (addressee === 'place' && !(await hearing.hears(place)))) return;
      const text = wordsIn(parts);
      if (isForSetup(text)) return;
      await arrivals.handleOnce(message, async () => {
        const bar = await permission.barOf(message);
        // People who talk in a thread beside the bot have not asked it anything.
        if (bar !== null) return addressee === 'place' ? undefined : teller.say(surface, bar);
        if (text === '' && broughtIn(parts).length === 0) return teller.say(surface, NOTHING_ASKED);
        if (text.length > MAX_MESSAGE_CHARS) return teller.say(surface, tooLong(text.length));
        if (message.address.isDirect || surface.isOverheard) await catchUp.talkedAt(place);
        await chat.ask({ ...questionIn(message), message: id });
      });
    },

    wasAsked: (eventId) => chat.wasAsked(eventId),

    async edited({ message, editedAt }) {
      if (editedAt === null) return;
      const edit = { ...message, id: editOf(message.id, editedAt) };
      if (wordsIn(edit.parts).length > MAX_MESSAGE_CHARS) return arrivals.dropClaim(edit.id);
      await arrivals.handleOnce(edit, () =>
        chat.edited({ ...questionIn(edit), message: message.id, editedAt: Number(editedAt) }),
      );
    },

    async retract(eventId, key) {
      if (key !== undefined) await chat.messageGone(key);
      await chat.retract(eventId);
    },
  };
}
