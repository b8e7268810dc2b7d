import type { Notice } from '../../../core/ports/surface.ts';
import { PEOPLE } from './people.ts';
import type { Room } from './room.ts';
import { fileOf } from './surface.ts';

/** Tells Ada and Otto, each in their own conversation with the bot. */
export async function tellAdmins(
  room: Room,
  { text, files = [] }: Notice,
  newId: () => string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { id: user, role } of PEOPLE) {
    if (role === 'member') continue;
    signal.throwIfAborted();
    await room.post({
      channel: `dm-${user}`,
      thread: null,
      kind: 'notice',
      id: newId(),
      user,
      audience: user,
      about: null,
      text,
      files: files.map(fileOf),
    });
  }
  return true;
}
