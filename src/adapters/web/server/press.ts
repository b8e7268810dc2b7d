import { type Button, buttonRow, isPress } from '../../../core/ports/buttons.ts';
import { optionsForOne } from '../../../core/ports/command.ts';
import { Refused } from '../../../http/requests.ts';
import type { PersonInfo, PostPress, PressForm } from '../wire.ts';
import type { WebContext } from './context.ts';
import { eventAt, eventOn } from './inbound.ts';
import type { StoredMessage } from './messages.ts';
import { actorOf, placeOf } from './people.ts';
import { personNamed, visible } from './reach.ts';
import { optionInfo } from './room-info.ts';
import { nameThread, openThread } from './threads.ts';

type PressOf = Pick<PostPress, 'as' | 'message' | 'button'>;

interface Pressed {
  readonly person: PersonInfo;
  readonly message: StoredMessage;
  readonly button: Button;
}

/** @throws Refused if the person cannot press it */
function pressed({ room }: WebContext, { as, message: id, button: kind }: PressOf): Pressed {
  const person = personNamed(as);
  const message = visible(room, id, person);
  const button = message.kind === 'answer' ? message.buttons.find((each) => each.kind === kind) : undefined;
  if (button === undefined) throw new Refused(409, 'That button no longer exists.');
  return { person, message, button };
}

/** The form that a button opens. @throws Refused if the person cannot press it */
export async function pressForm(context: WebContext, post: PressOf): Promise<PressForm> {
  const { dispatch } = context;
  const { person, message, button } = pressed(context, post);
  const { form } = buttonRow(button.kind);
  if (form === undefined || !isPress(button)) return { ok: false };
  const { answerId, kind } = button;
  const by = { actor: actorOf(person), place: placeOf(message) };
  if ((await dispatch.refusalOfPress({ ...by, button: kind, answerId })) !== null) return { ok: false };
  const fields = Object.entries(form).map(async ([option, declared]) => {
    const field = optionInfo(option, declared);
    if (declared.type !== 'model') return field;
    const command = { button: kind, answerId };
    const models = await dispatch.suggest({ ...by, command, option, text: '' });
    const choices = [{ label: 'The same model', value: '' }, ...models];
    return { ...field, type: 'choice' as const, choices };
  });
  return { ok: true, fields: await Promise.all(fields) };
}

/** Resolves once the press is accepted; dispatch continues it. @throws Refused if the person cannot press it */
export async function press(context: WebContext, post: PostPress): Promise<void> {
  const { room, dispatch, run } = context;
  const { person, message, button } = pressed(context, post);
  if (!isPress(button)) return run(pressCommand(context, post.id, { person, message, button }));
  const { id: messageId, thread, audience } = message;
  const pressing = dispatch.press({
    ...eventOn(room, post.id, person, message),
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
      await openThread(room, messageId, title);
      return messageId;
    },
    renameThread: (title) => nameThread(room, messageId, title),
  });
  run(pressing);
}

/** Runs the command of a button on the thread of its message, for the person alone. */
async function pressCommand(
  { room, host, dispatch }: WebContext,
  id: string,
  { person, message, button: { kind } }: Pressed,
): Promise<void> {
  const command = host.commands.find(({ name }) => name === buttonRow(kind).command);
  if (command === undefined) throw new TypeError(`no command stands behind the button ${kind}`);
  await dispatch.command({
    ...eventAt(room, id, person, message, { audience: person.id, isPrivate: true }),
    command: command.name,
    options: optionsForOne(command),
  });
}
