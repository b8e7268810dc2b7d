import { threadTitle } from '../../../core/chat/thread-title.ts';
import { createRunning } from '../../../core/kit/tasks.ts';
import { addresseeOf } from '../../../core/ports/address.ts';
import { type Button, type ButtonKind, buttonRow, isPress } from '../../../core/ports/buttons.ts';
import { type CommandDeclaration, optionsForOne, type TypedOption } from '../../../core/ports/command.ts';
import { type Dispatch, type Invocation, NO_RULES, type ThreadRead } from '../../../core/ports/events.ts';
import { type FilePart, filePart } from '../../../core/ports/parts.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { Refused } from '../../../http/requests.ts';
import type {
  ChannelInfo,
  GivenFile,
  OptionInfo,
  PersonInfo,
  PostCommand,
  PostMessage,
  PostPress,
  PostRemove,
  PostRename,
  PressForm,
  Spot,
} from '../wire.ts';
import type { StoredMessage } from './messages.ts';
import { actorOf, addressOf, channelOf, personOf, placeOf, withoutMention } from './people.ts';
import type { Room } from './room.ts';
import { createWebSurface, nameThread } from './surface.ts';
import type { Uploads } from './uploads.ts';

/**
 * What people do on the page. Each resolves as soon as it is taken; dispatch goes on with it.
 *
 * @throws Refused where the person cannot do it
 */
export interface Actions {
  message(post: PostMessage): Promise<void>;
  command(post: PostCommand): Promise<void>;
  press(post: PostPress): Promise<void>;
  /** What the button asks before it is pressed. */
  pressForm(post: Pick<PostPress, 'as' | 'message' | 'button'>): Promise<PressForm>;
  remove(post: PostRemove): Promise<void>;
  /** Whoever began a thread, and admins, can give it another title. */
  rename(post: PostRename): Promise<void>;
  /** Resolves when dispatch is done with all that it was handed. */
  settled(): Promise<void>;
}

export interface ActionsOptions {
  readonly room: Room;
  readonly dispatch: Dispatch;
  readonly uploads: Uploads;
  readonly commands: readonly CommandDeclaration[];
  newId(): string;
}

type InboundEvent = Pick<Invocation, 'id' | 'actor' | 'place' | 'surface'>;

interface Asked {
  readonly audience: string | null;
  readonly isPrivate?: boolean;
  readonly about?: string | null;
}

export function createActions({ room, dispatch, uploads, commands, newId }: ActionsOptions): Actions {
  const running = createRunning();

  function run(work: Promise<void>): void {
    running.add(work.finally(() => room.touchStatus()));
  }

  function eventAt(id: string, person: PersonInfo, spot: Spot, asked: Asked): InboundEvent {
    const surface: Surface = createWebSurface(room, {
      question: id,
      user: person.id,
      spot,
      audience: asked.audience,
      isDm: channelOf(spot.channel)?.owner !== null,
      isPrivate: asked.isPrivate ?? false,
      about: asked.about ?? null,
      newId,
    });
    return { id: `web:${id}`, actor: actorOf(person), place: placeOf(spot), surface };
  }

  /** Under the title that is given, or what the message itself begins with; a thread that is open keeps its own. */
  async function openThread(rootId: string, title?: string): Promise<void> {
    const root = room.find(rootId);
    if (root?.threadTitle !== null) return;
    await room.replace({ ...root, threadTitle: title ?? threadTitle(withoutMarks(root.text)) });
  }

  /** What was said in a thread before a message, the newest hundred after its root. */
  async function threadBefore(rootId: string, questionId: string): Promise<ThreadRead> {
    const before = room.thread(rootId).filter(({ id, kind }) => id !== questionId && kind !== 'notice');
    const [root, ...rest] = before;
    const messages = root === undefined ? [] : [root, ...rest.slice(-100)];
    return {
      messages: messages.map((message) => ({
        type: 'quoted',
        why: 'thread',
        author:
          message.kind === 'said'
            ? { user: message.user, name: personOf(message.user)?.name ?? message.user }
            : { user: null, name: 'Parley' },
        text: message.text,
        files:
          message.kind === 'said'
            ? message.files.map(({ id, ...file }) => filePart({ ...file, sizeBytes: null, reference: id }))
            : [],
      })),
      problem: null,
    };
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
    const { thread } = message;
    await dispatch.command({
      ...eventAt(id, person, message, { audience: person.id, isPrivate: true }),
      command: command.name,
      options: optionsForOne(command),
      ...(thread !== null && { readThread: async () => threadBefore(thread, id) }),
    });
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
      const files = attached.map(fileInfo);
      await room.post({
        ...spot,
        kind: 'said',
        id,
        user: person.id,
        audience: owner,
        text,
        addressed,
        files,
      });
      // As in Slack: a question to the bot in a channel is answered in the question's own thread.
      const answerSpot =
        addressed && thread === null && owner === null && rules.inThread !== false
          ? { channel, thread: id }
          : spot;
      if (answerSpot.thread !== null) {
        await openThread(answerSpot.thread);
      }
      const event = eventAt(id, person, answerSpot, { audience: owner });
      const parts = [{ type: 'text', text: withoutMention(text) } as const, ...attached];
      const readThread = thread === null ? {} : { readThread: async () => threadBefore(thread, id) };
      run(dispatch.message({ ...event, parts, address, ...readThread }));
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
        const files = brought.map(fileInfo);
        await room.post({
          ...spot,
          kind: 'said',
          id,
          user: person.id,
          audience,
          text,
          addressed: true,
          files,
        });
        if (thread !== null) await openThread(thread);
      }
      const event = eventAt(id, person, spot, { audience, isPrivate, about: answers ? null : text });
      // A form that the page opens is sent under the command's name alone.
      const isFilledIn = text.trim() === `/${name}`;
      const readThread = thread === null ? {} : { readThread: async () => threadBefore(thread, id) };
      run(dispatch.command({ ...event, command: name, options, brought, isFilledIn, ...readThread }));
    },

    async pressForm({ as, message: messageId, button: kind }) {
      const person = personNamed(as);
      const message = visible(room, messageId, person);
      const pressed = buttonOf(message, kind);
      if (!isPress(pressed)) return { ok: false };
      const { answerId, kind: button } = pressed;
      const by = { actor: actorOf(person), place: placeOf(message) };
      if (!(await dispatch.mayPress({ ...by, button, answerId })).ok) return { ok: false };
      const fields = Object.entries(buttonRow(button).form ?? {}).map(async ([option, declared]) => {
        const field = optionInfo(option, declared);
        if (declared.type !== 'model') return field;
        const choices = await dispatch.suggest({ ...by, command: { button, answerId }, option, text: '' });
        return {
          ...field,
          type: 'choice' as const,
          choices: [{ label: 'The same model', value: '' }, ...choices],
        };
      });
      return { ok: true, fields: await Promise.all(fields) };
    },

    async press({ id, as, message: messageId, button: kind, given }) {
      const person = personNamed(as);
      const message = visible(room, messageId, person);
      const button = buttonOf(message, kind);
      if (!isPress(button)) return run(pressCommand(id, person, message, button.kind));
      const { audience } = message;
      const isDm = channelOf(message.channel)?.owner !== null;
      const isPrivate = audience !== null && !isDm;
      const event = eventAt(id, person, message, { audience, isPrivate });
      run(
        dispatch.press({
          ...event,
          button: button.kind,
          answerId: button.answerId,
          given,
          async retire(signal) {
            signal.throwIfAborted();
            const now = room.find(messageId);
            if (now?.kind === 'answer') await room.replace({ ...now, buttons: [] });
          },
          async openThread(title, signal) {
            signal.throwIfAborted();
            if (message.thread !== null || audience !== null) return null;
            await openThread(messageId, title);
            return messageId;
          },
          renameThread: (title) => nameThread(room, messageId, title),
        }),
      );
    },

    async remove({ as, message: messageId }) {
      const person = personNamed(as);
      const message = visible(room, messageId, person);
      if (message.kind === 'answer') {
        if (room.hasReplies(messageId)) throw new Refused(409, 'A thread hangs on this message.');
        const isDm = channelOf(message.channel)?.owner !== null;
        const isPrivate = message.audience !== null && !isDm;
        const event = eventAt(newId(), person, message, { audience: message.audience, isPrivate });
        const remove = async (keys: readonly string[]) => {
          // What a thread hangs on stays, without its words.
          for (const key of keys) {
            const shown = room.find(key);
            if (shown?.kind === 'answer' && room.hasReplies(key))
              await room.replace({
                ...shown,
                text: '',
                note: 'This answer was deleted.',
                footer: null,
                buttons: [],
                files: [],
              });
            else await room.remove(key);
          }
        };
        return run(dispatch.deleteAnswer({ ...event, message: messageId, isOwn: true, remove }));
      }
      if (message.user !== person.id && person.role === 'member') {
        throw new Refused(403, 'Only its author or an admin can delete this message.');
      }
      if (room.hasReplies(messageId))
        throw new Refused(409, 'This message has a thread, so it cannot be deleted.');
      if (message.kind === 'said') await dispatch.retract(`web:${messageId}`);
      await room.remove(messageId);
      if (message.kind === 'said') await uploads.delete(message.files.map((file) => file.id));
    },

    async rename({ as, thread, title }) {
      const person = personNamed(as);
      const root = visible(room, thread, person);
      if (root.threadTitle === null) throw new Refused(404, 'There is no such thread.');
      if (root.user !== person.id && person.role === 'member') {
        throw new Refused(403, 'Only whoever began a thread, or an admin, can rename it.');
      }
      await room.replace({ ...root, threadTitle: title });
    },

    settled: () => running.settled(),
  };
}

/** @throws Refused where the message has no such button (any more). */
function buttonOf(message: StoredMessage, kind: string): Button {
  const button = message.kind === 'answer' ? message.buttons.find((each) => each.kind === kind) : undefined;
  if (button === undefined) throw new Refused(409, 'That button no longer exists.');
  return button;
}

/** An option as the page gets it. */
export function optionInfo(name: string, option: TypedOption): OptionInfo {
  const { type, description, required = false } = option;
  return {
    name,
    type,
    description,
    required,
    maxChars: 'maxChars' in option ? option.maxChars : null,
    choices: type === 'choice' ? option.choices : [],
  };
}

function fileInfo({ reference, name, mediaType }: FilePart): GivenFile {
  return { id: reference, name, mediaType };
}

/** The words of a message, without the mention or command before them and what makes Markdown of them. */
function withoutMarks(text: string): string {
  return withoutMention(text)
    .replace(/^\/\S+\s+/, '')
    .replace(/^[#>*+-]+\s+/, '')
    .replace(/\*\*|`/g, '')
    .trim();
}

/** @throws Refused where nobody is called that. */
export function personNamed(id: string): PersonInfo {
  const person = personOf(id);
  if (person === undefined) throw new Refused(400, 'Nobody here is called that.');
  return person;
}

/** @throws Refused where there is no such channel or thread, or none that the person sees. */
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

function visible(room: Room, id: string, person: PersonInfo): StoredMessage {
  const message = room.find(id);
  if (message === undefined || (message.audience !== null && message.audience !== person.id)) {
    throw new Refused(404, 'There is no such message.');
  }
  return message;
}
