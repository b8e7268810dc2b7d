import { Refused } from '../../../http/requests.ts';
import type { ChannelInfo, PersonInfo, Spot } from '../wire.ts';
import type { StoredMessage } from './messages.ts';
import { channelOf, personOf } from './people.ts';
import type { Room } from './room.ts';

/** @throws Refused if there is no such person */
export function personNamed(id: string): PersonInfo {
  const person = personOf(id);
  if (person === undefined) throw new Refused(400, 'Nobody here is called that.');
  return person;
}

/** @throws Refused if there is no such channel or thread, or the person may not see it */
export function reachable(room: Room, { channel, thread }: Spot, person: PersonInfo): ChannelInfo {
  const found = channelOf(channel);
  if (found === undefined || (found.owner !== null && found.owner !== person.id)) {
    throw new Refused(404, 'There is no such channel.');
  }
  if (thread === null) return found;
  const root = room.find(thread);
  if (root?.channel !== channel || root.thread !== null || root.audience !== null) {
    throw new Refused(404, 'There is no such thread.');
  }
  return found;
}

export function isVisible(message: StoredMessage | undefined, person: PersonInfo): message is StoredMessage {
  return message !== undefined && (message.audience === null || message.audience === person.id);
}

/** @throws Refused if there is no such message, or the person does not see it */
export function visible(room: Room, id: string, person: PersonInfo): StoredMessage {
  const message = room.find(id);
  if (!isVisible(message, person)) throw new Refused(404, 'There is no such message.');
  return message;
}
