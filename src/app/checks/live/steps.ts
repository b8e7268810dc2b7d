import type { GuildId } from '../../../core/ports/actor.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import type { TextLimits } from '../../../core/ports/surface.ts';
import {
  BUTTONS,
  CODE,
  EDITS,
  fillTo,
  firstDifference,
  MARKDOWN,
  SCRIPTS,
  TABLE,
  wordsAlone,
} from './samples.ts';
import type { Stage } from './stage.ts';

/** A channel of a platform, as the live check uses it. */
export interface Room {
  /** Whose tier decides which model may be asked; null if it is no guild's channel. */
  readonly guild: GuildId | null;
  readonly limits: TextLimits;
  /** Posts a text as Parley does, and deletes it at the end; resolves to the message's id. */
  post(text: string, buttons?: readonly Button[]): Promise<string>;
  edit(id: string, text: string): Promise<void>;
  read(id: string): Promise<Stands>;
  /** The text that `read` should give for what was posted. */
  written(text: string): string;
  /** Whether the platform may give back its own rendering, with all words. */
  readonly rendersAnew: boolean;
  /** Tries texts over the limit in one unit that may be within it in another. */
  unitOfLength(): Promise<void>;
  thread(): Promise<void>;
  file(): Promise<void>;
  /** Compares what the platform said meanwhile, such as its limits, with what Parley assumes. */
  report(): void;
}

/** A message as it is read back. */
export interface Stands {
  readonly text: string;
  /** The kinds of the buttons with the right ids. */
  readonly buttons: readonly string[];
}

/**
 * Plays all steps of a live check.
 * @param askModel resolves to a model's answer to a guild; null if none answered, which is reported already
 */
export async function playSteps(
  stage: Stage,
  room: Room,
  askModel: (guild: GuildId) => Promise<string | null>,
): Promise<void> {
  await stage.step('edits at the pace that the limits allow', () => edits(stage, room));
  for (const [what, text] of Object.entries({ Markdown: MARKDOWN, 'A table': TABLE, Code: CODE })) {
    await stage.step(what, () => readsBack(stage, room, what, text));
  }
  await stage.step('buttons', () => buttons(stage, room));
  for (const [script, sample] of Object.entries(SCRIPTS)) {
    await stage.step(`long text in ${script}`, () => longText(stage, room, script, sample));
  }
  await stage.step('the unit of length', () => room.unitOfLength());
  await stage.step('a thread', () => room.thread());
  await stage.step('a file', () => room.file());
  await stage.step('a model', async () => {
    const text = room.guild && (await askModel(room.guild));
    if (text !== null) await readsBack(stage, room, 'The model’s answer', text);
  });
  room.report();
}

/** Whether the platform takes what `post` posts. @throws what is no refusal */
export async function isTaken(
  post: Promise<unknown>,
  isRefusal: (error: unknown) => boolean,
): Promise<boolean> {
  try {
    await post;
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

async function edits(stage: Stage, { post, edit, read }: Room): Promise<void> {
  const words = (count: number) => `Parley live check: ${count}.`;
  const id = await post(words(0));
  for (let count = 1; count <= EDITS; count++) await edit(id, words(count));
  const difference = firstDifference(words(EDITS), (await read(id)).text);
  if (difference === null) stage.findings.ok(`${EDITS} edits arrived, the last one last`);
  else stage.differs(`The last of ${EDITS} edits did not arrive: ${difference}`);
}

async function readsBack(
  { findings, differs }: Stage,
  { post, read, written, rendersAnew }: Room,
  what: string,
  text: string,
): Promise<void> {
  const stands = await read(await post(text));
  const difference = firstDifference(written(text), stands.text);
  if (difference === null) findings.ok(`${what} is read back as it was sent`);
  else if (rendersAnew && wordsAlone(text) === wordsAlone(stands.text)) {
    findings.ok(`${what} is read back in the platform’s own rendering, with all its words`);
  } else differs(`${what} is read back differently: ${difference}`);
}

async function buttons({ findings, differs }: Stage, { post, read }: Room): Promise<void> {
  const stands = await read(await post('Two buttons that do nothing.', BUTTONS));
  const kinds = BUTTONS.map(({ kind }) => kind);
  if (stands.buttons.join() === kinds.join()) findings.ok('Buttons are read back with their ids');
  else differs(`${stands.buttons.length} of ${kinds.length} buttons are read back`);
}

async function longText(stage: Stage, room: Room, script: string, sample: string): Promise<void> {
  const { maxChars, lengthOf = (part: string) => part.length } = room.limits;
  const text = fillTo(maxChars, sample, lengthOf);
  const sizes = `${text.length} UTF-16 units, ${[...text].length} characters, ${Buffer.byteLength(text)} bytes`;
  await readsBack(stage, room, `A text of ${sizes} (${script})`, text);
}
