import { isOf } from '../../coordination/live-answers.ts';
import { inItsPlace, type StopsSent, type StopTarget } from '../../coordination/stops.ts';
import { type Actor, mayActAs } from '../../ports/actor.ts';
import type { Place, Press } from '../../ports/events.ts';
import type { ActionParts } from './parts.ts';

/** How people end answers. */
export function createStopping({
  records: { answers, conversations },
  coordination: { live, stops },
  messenger: { tell },
  pressed: { recordFor },
  roles,
}: ActionParts) {
  return {
    /** Stops one answer, if the person may. */
    async stop(press: Press): Promise<void> {
      const { user, name } = press.actor;
      const cause = { kind: 'person', user, name } as const;
      const answering = live.get(press.answerId);
      if (!answering) {
        const record = await recordFor(press);
        if (record === null) return;
        const { stopped, elsewhere } = await stops.send(inItsPlace(record), cause);
        if (stopped > 0) return;
        return tell(
          press.surface,
          elsewhere ? 'This answer has ended or is about to end.' : 'This answer has already ended.',
        );
      }
      if (answering.guild !== press.actor.guild) {
        return tell(press.surface, 'This answer has already ended.');
      }
      if (!isOf(answering, user) && !mayActAs(await roles(press.actor), 'admin')) {
        return tell(press.surface, 'Only the person who asked or an admin can stop this answer.');
      }
      await stops.send(inItsPlace(answering), cause);
    },

    /** Stops the answers at a place: the person's own, or for an admin everybody's. */
    async stopAt(place: Place, actor: Actor): Promise<StopsSent> {
      const { user, name } = actor;
      const whose = mayActAs(await roles(actor), 'admin') ? {} : { user };
      const conversation = place.key === null ? null : await conversations.at(place.key);
      const { guild, channel } = place;
      const target: StopTarget = conversation
        ? { conversation: conversation.id, ...whose }
        : { guild, channel, ...whose };
      return stops.send(target, { kind: 'person', user, name });
    },

    /** Stops the answer to a deleted question. */
    async retract(eventId: string): Promise<void> {
      const record = await answers.to(eventId);
      // An answer that is tried again is under way by another event.
      const target = record === null || record.shown !== undefined ? { eventId } : inItsPlace(record);
      await stops.send(target, { kind: 'question_deleted' });
    },
  };
}
