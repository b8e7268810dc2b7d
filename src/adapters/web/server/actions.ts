import { createRunning } from '../../../core/kit/tasks.ts';
import { addresseeOf } from '../../../core/ports/address.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import { type Dispatch, NO_RULES } from '../../../core/ports/events.ts';
import type { FilePart } from '../../../core/ports/parts.ts';
import { Refused } from '../../../http/requests.ts';
import type {
  PostCommand,
  PostMessage,
  PostPress,
  PostRemove,
  PostRename,
  PressForm,
  SaidMessage,
} from '../wire.ts';
import { createDeeds } from './deeds.ts';
import { addressOf, placeOf, withoutMention } from './people.ts';
import { createPresses } from './press.ts';
import { personNamed, reachable, visible } from './reach.ts';
import { createRemoval } from './removal.ts';
import type { Room } from './room.ts';
import { createThreads } from './threads.ts';
import type { Uploads } from './uploads.ts';

/**
 * People's actions on the page. Each resolves once it is accepted; dispatch continues it.
 *
 * @throws Refused if the person may not do it
 */
export interface Actions {
  message(post: PostMessage): Promise<void>;
  command(post: PostCommand): Promise<void>;
  press(post: PostPress): Promise<void>;
  /** The form of a button. */
  pressForm(post: Pick<PostPress, 'as' | 'message' | 'button'>): Promise<PressForm>;
  remove(post: PostRemove): Promise<void>;
  /** Changes a thread's title. Allowed for the person who began the thread, and admins. */
  rename(post: PostRename): Promise<void>;
  /** Resolves when dispatch has finished everything it was given. */
  settled(): Promise<void>;
}

export interface ActionsOptions {
  readonly room: Room;
  readonly dispatch: Dispatch;
  readonly uploads: Uploads;
  readonly commands: readonly CommandDeclaration[];
  newId(): string;
}

type Said = Omit<SaidMessage, 'kind' | 'files' | 'order' | 'atMs' | 'threadTitle'>;

export function createActions({ room, dispatch, uploads, commands, newId }: ActionsOptions): Actions {
  const running = createRunning();
  const deeds = createDeeds(room, newId);
  const threads = createThreads(room);
  const presses = createPresses({ room, dispatch, commands, deeds, threads });
  const remove = createRemoval({ room, dispatch, uploads, deeds, run });

  function run(work: Promise<void>): void {
    running.add(work.finally(() => room.touchStatus()));
  }

  /** Puts what somebody said into the room. */
  async function say(said: Said, files: readonly FilePart[]): Promise<void> {
    const infos = files.map(({ reference: id, name, mediaType }) => ({ id, name, mediaType }));
    await room.post({ ...said, kind: 'said', files: infos });
  }

  return {
    async message({ id, as, text, files: given, channel, thread }) {
      const person = personNamed(as);
      const spot = { channel, thread };
      const { owner } = reachable(room, spot, person);
      const address = addressOf(text, owner !== null);
      const rules = owner === null ? await dispatch.channelRules(placeOf(spot)) : NO_RULES;
      const addressee = addresseeOf(address);
      const addressed = addressee === 'bot' || (addressee === 'place' && rules.hearsAll);
      const attached = await uploads.parts(given, person.id);
      await say({ ...spot, id, user: person.id, audience: owner, text, addressed }, attached);
      // As on Slack, the answer to a question in a channel goes to the question's own thread.
      const answerSpot =
        addressed && thread === null && owner === null && rules.inThread !== false
          ? { channel, thread: id }
          : spot;
      if (answerSpot.thread !== null) await threads.openThread(answerSpot.thread);
      const event = deeds.at(id, person, answerSpot, { audience: owner });
      const parts = [{ type: 'text', text: withoutMention(text) } as const, ...attached];
      run(dispatch.message({ ...event, parts, address, ...threads.readerFor(id, spot) }));
    },

    async command({ id, as, command: name, options, text, files: given, channel, thread }) {
      const person = personNamed(as);
      const spot = { channel, thread };
      const { owner } = reachable(room, spot, person);
      const answers = commands.find((command) => command.name === name)?.reply === 'answer';
      const isPrivate = !answers || options['private'] === true;
      const audience = isPrivate ? person.id : owner;
      const brought = await uploads.parts(given, person.id);
      if (answers) {
        await say({ ...spot, id, user: person.id, audience, text, addressed: true }, brought);
        if (thread !== null) await threads.openThread(thread);
      }
      const event = deeds.at(id, person, spot, { audience, isPrivate, about: answers ? null : text });
      // The page submits a form under the command's name without arguments.
      const isFilledIn = text.trim() === `/${name}`;
      run(
        dispatch.command({
          ...event,
          command: name,
          options,
          brought,
          isFilledIn,
          ...threads.readerFor(id, spot),
        }),
      );
    },

    pressForm: presses.form,

    async press(post) {
      run(presses.press(post));
    },

    async remove({ as, message: id }) {
      const person = personNamed(as);
      await remove(newId(), person, visible(room, id, person));
    },

    async rename({ as, thread, title }) {
      const person = personNamed(as);
      const root = visible(room, thread, person);
      if (root.threadTitle === null) throw new Refused(404, 'There is no such thread.');
      if (root.user !== person.id && person.role === 'member') {
        throw new Refused(403, 'Only the person who began a thread or an admin can rename it.');
      }
      await room.replace({ ...root, threadTitle: title });
    },

    settled: () => running.settled(),
  };
}
