import type { Place, Press } from '../../ports/events.ts';
import type { Titles } from '../answer/titles.ts';
import { threadTitle } from '../words/thread-title.ts';
import type { ActionParts } from './parts.ts';

/** Threads that go on with an answer, and whether the bot listens in them. */
export function createThreads({ records, messenger, pressed }: ActionParts, titles: Pick<Titles, 'name'>) {
  const { answers, conversations, listening, settings } = records;
  const { tell, abandoned } = messenger;

  /** Switches listening at a place on or off, whatever is answered there. */
  async function setListening(place: Place, state: 'on' | 'off'): Promise<void> {
    if (place.key === null) throw new Error('there is no thread to listen in');
    const { id } = await conversations.openConversation(place.guild, place.key);
    await listening.set(place.key, id, state);
  }

  return {
    async continueInThread(press: Press): Promise<void> {
      const record = await pressed.recordFor(press);
      if (record === null) return;
      if (record.isPrivate || press.surface.isPrivate) {
        return tell(press.surface, 'This answer is private, so it cannot continue where others can read it.');
      }
      const key = await press.openThread(threadTitle(record.question), abandoned);
      if (key === null)
        return tell(press.surface, 'Threads are not possible here. Reply to the answer instead.');
      await conversations.attach(record.conversation, key);
      await listening.startAt(key, record.conversation);
      const { renameThread: rename, actor, place } = press;
      const conversation = await conversations.get(record.conversation);
      const first = conversation?.turns[0];
      const { automatic } = await settings.at({ place, conversation });
      if (rename === undefined || conversation === null || first === undefined || !automatic.titles) return;
      const { question, answer } = first;
      titles.name({ rename, question, answer, actor, place, conversation: conversation.id });
    },

    /** Whether messages here are for the bot without a mention. */
    async hears({ key }: Place, writtenAtMs?: number): Promise<boolean> {
      return key !== null && (await listening.hears(key, writtenAtMs));
    },

    setListening,

    /** Ends listening in the place of the button. */
    async unlisten({ place, actor, answerId, surface }: Press): Promise<void> {
      const record = await answers.get(answerId);
      if (place.key === null || place.guild !== actor.guild || (record && record.guild !== actor.guild)) {
        return tell(surface, 'This button has expired. Use `/listen state:off`.');
      }
      await setListening(place, 'off');
      await tell(
        surface,
        'I no longer listen in this thread. Mention me to ask something. `/listen state:on` switches it on again.',
      );
    },
  };
}
