import { type Button, type ButtonKind, buttonRow, isPress } from '../../../core/ports/buttons.ts';
import { type CommandDeclaration, optionsForOne } from '../../../core/ports/command.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { PersonInfo, PostPress, PressForm } from '../wire.ts';
import type { Deeds } from './deeds.ts';
import type { StoredMessage } from './messages.ts';
import { optionInfo } from './option-info.ts';
import { actorOf, placeOf } from './people.ts';
import { buttonOf, personNamed, visible } from './reach.ts';
import type { Room } from './room.ts';
import { nameThread } from './surface.ts';
import type { Threads } from './threads.ts';

/** Presses on the buttons under answers. */
export interface Presses {
  /** The form that the button opens. @throws Refused where the person cannot press it */
  form(post: Pick<PostPress, 'as' | 'message' | 'button'>): Promise<PressForm>;
  /** Resolves when dispatch is done with it. @throws Refused at once where the person cannot press it */
  press(post: PostPress): Promise<void>;
}

export function createPresses(options: {
  readonly room: Room;
  readonly dispatch: Dispatch;
  readonly commands: readonly CommandDeclaration[];
  readonly deeds: Deeds;
  readonly threads: Threads;
}): Presses {
  const { room, dispatch, commands, deeds, threads } = options;

  function pressed({ as, message: id, button: kind }: Pick<PostPress, 'as' | 'message' | 'button'>): {
    readonly person: PersonInfo;
    readonly message: StoredMessage;
    readonly button: Button;
  } {
    const person = personNamed(as);
    const message = visible(room, id, person);
    return { person, message, button: buttonOf(message, kind) };
  }

  /** Runs the command of a button on the thread of its message, for the person alone. */
  async function pressCommand(
    id: string,
    person: PersonInfo,
    message: StoredMessage,
    kind: ButtonKind,
  ): Promise<void> {
    const command = commands.find(({ name }) => name === buttonRow(kind).command);
    if (command === undefined) throw new TypeError(`no command stands behind the button ${kind}`);
    await dispatch.command({
      ...deeds.at(id, person, message, { audience: person.id, isPrivate: true }),
      command: command.name,
      options: optionsForOne(command),
      ...threads.readerFor(id, message),
    });
  }

  return {
    async form(post) {
      const { person, message, button } = pressed(post);
      if (!isPress(button)) return { ok: false };
      const { answerId, kind } = button;
      const by = { actor: actorOf(person), place: placeOf(message) };
      if (!(await dispatch.mayPress({ ...by, button: kind, answerId })).ok) return { ok: false };
      const fields = Object.entries(buttonRow(kind).form ?? {}).map(async ([option, declared]) => {
        const field = optionInfo(option, declared);
        if (declared.type !== 'model') return field;
        const command = { button: kind, answerId };
        const models = await dispatch.suggest({ ...by, command, option, text: '' });
        return {
          ...field,
          type: 'choice' as const,
          choices: [{ label: 'The same model', value: '' }, ...models],
        };
      });
      return { ok: true, fields: await Promise.all(fields) };
    },

    press(post) {
      const { person, message, button } = pressed(post);
      if (!isPress(button)) return pressCommand(post.id, person, message, button.kind);
      const { id: messageId, thread, audience } = message;
      return dispatch.press({
        ...deeds.on(post.id, person, message),
        button: button.kind,
        answerId: button.answerId,
        given: post.given,
        async retire(signal) {
          signal.throwIfAborted();
          const now = room.find(messageId);
          if (now?.kind === 'answer') await room.replace({ ...now, buttons: [] });
        },
        async openThread(title, signal) {
          signal.throwIfAborted();
          if (thread !== null || audience !== null) return null;
          await threads.openThread(messageId, title);
          return messageId;
        },
        renameThread: (title) => nameThread(room, messageId, title),
      });
    },
  };
}
