import type { Dispatch } from '../../../core/ports/events.ts';
import { Refused } from '../../../http/requests.ts';
import type { PersonInfo } from '../wire.ts';
import type { Deeds } from './deeds.ts';
import type { StoredMessage } from './messages.ts';
import type { Room } from './room.ts';
import type { Uploads } from './uploads.ts';

/**
 * Deletes a message on a person's behalf; `id` names the event.
 * @throws Refused if the person may not, or if the message has a thread
 */
export type Removal = (id: string, person: PersonInfo, message: StoredMessage) => Promise<void>;

export function createRemoval(options: {
  readonly room: Room;
  readonly dispatch: Dispatch;
  readonly uploads: Uploads;
  readonly deeds: Deeds;
  /** Continues work after the request was accepted. */
  run(work: Promise<void>): void;
}): Removal {
  const { room, dispatch, uploads, deeds, run } = options;

  /** One with a thread stays, without its words. */
  async function removeAnswer(key: string): Promise<void> {
    const shown = room.find(key);
    if (shown?.kind === 'answer' && room.hasReplies(key)) {
      const note = 'This answer was deleted.';
      await room.replace({ ...shown, text: '', note, footer: null, buttons: [], files: [] });
    } else await room.remove(key);
  }

  return async (id, person, message) => {
    // Core decides for answers.
    if (message.kind !== 'answer' && message.user !== person.id && person.role === 'member') {
      throw new Refused(403, 'Only its author or an admin can delete this message.');
    }
    if (room.hasReplies(message.id)) {
      throw new Refused(409, 'This message has a thread, so it cannot be deleted.');
    }
    if (message.kind === 'answer') {
      const remove = async (keys: readonly string[]) => {
        for (const key of keys) await removeAnswer(key);
      };
      const event = deeds.on(id, person, message);
      return run(dispatch.deleteAnswer({ ...event, message: message.id, isOwn: true, remove }));
    }
    if (message.kind === 'said') await dispatch.retract(`web:${message.id}`);
    await room.remove(message.id);
    if (message.kind === 'said') await uploads.delete(message.files.map((file) => file.id));
  };
}
