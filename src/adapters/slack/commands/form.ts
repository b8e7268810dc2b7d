import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { clip } from '../../../core/kit/text-size.ts';
import { buttonRow, PRESS_KINDS } from '../../../core/ports/buttons.ts';
import {
  type CommandDeclaration,
  isAskedInForm,
  type TypedOption,
  typedOptions,
} from '../../../core/ports/command.ts';
import type { FilePart } from '../../../core/ports/parts.ts';
import { SIZES } from '../api/sizes.ts';
import type { Json } from '../api/web-api.ts';
import { uploadedFiles } from '../payloads/message-parts.ts';
import { usage } from './arguments.ts';

export const FORM_CALLBACK = 'command-form';

/** The data that a form keeps until it is submitted. */
export interface FormContext {
  readonly command: string;
  readonly channel: string;
  readonly responseUrl: string;
  /** The thread of the message that the request is about. */
  readonly threadTs: string | null;
  readonly about: PointedAt | null;
}

/** The message on which a form was opened. */
export interface PointedAt {
  readonly ts: string;
  readonly author: { readonly user: string | null; readonly name: string } | null;
  /** As much of its text as a form can keep, in case the bot cannot read it again. */
  readonly text: string;
}

export interface FormExtras {
  /** The block above the inputs. */
  readonly intro: Json | null;
  /** Preselected choices, by option. */
  readonly preset: Readonly<Record<string, string>>;
}

/** Slack's limits for one input. https://docs.slack.dev/reference/block-kit/block-elements/file-input-element */
const MAX_FILES = 10;
const MAX_FILE_MB = 10;
/** One input for all files of a command, whatever its options are called. */
const FILES = 'files';

/**
 * A modal for a command's options, as an alternative to flags.
 *
 * @param takesFiles whether it may ask for files, which needs the scope `files:read`
 */
export function formView(
  command: CommandDeclaration,
  context: FormContext,
  { intro, preset }: FormExtras,
  takesFiles: boolean,
): Json {
  return {
    type: 'modal',
    callback_id: FORM_CALLBACK,
    private_metadata: JSON.stringify(context),
    title: plain(clip(`/${command.name}`, SIZES.modalTitle)),
    submit: plain(command.reply === 'answer' ? 'Ask' : 'Save'),
    close: plain('Cancel'),
    blocks: [
      ...(intro === null ? [] : [intro]),
      ...inputsOf(command, preset, takesFiles),
      ...(isAskedInForm(command) ? [] : [withoutForm(command)]),
    ],
  };
}

export const PRESS_CALLBACK = 'press-form';

const pressContextSchema = z.object({
  button: z.enum(PRESS_KINDS),
  answerId: z.string(),
  channel: z.string(),
  /** Of the message with the button … */
  messageTs: z.string(),
  /** … and its thread. */
  threadTs: z.string().nullable(),
  responseUrl: z.string(),
});

/** The context that a button's form keeps until it is submitted. */
export type PressContext = Readonly<z.infer<typeof pressContextSchema>>;

/** The context of a button's form; null if it is not such a form. */
export function readPressContext(metadata: string): PressContext | null {
  const parsed = pressContextSchema.safeParse(parseJson(metadata));
  return parsed.success ? parsed.data : null;
}

/** A modal for a button's form. */
export function pressFormView(context: PressContext): Json {
  const { label, form = {} } = buttonRow(context.button);
  return {
    type: 'modal',
    callback_id: PRESS_CALLBACK,
    private_metadata: JSON.stringify(context),
    title: plain(clip(label, SIZES.modalTitle)),
    submit: plain('Send'),
    close: plain('Cancel'),
    blocks: Object.entries(form).map(([name, option]) => inputOf(name, option, undefined, 'The same model')),
  };
}

/** The values of a button's form. Core checks them against the table. */
export function readPressForm({ button }: PressContext, values: FormValues): Json {
  return readOptions(Object.entries(buttonRow(button).form ?? {}), values);
}

type FormValues = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The options in a filled form. Core checks them against the declaration. */
export function readForm(command: CommandDeclaration, values: FormValues): Json {
  return readOptions(typedOptions(command), values);
}

/** The files in a command's form. */
export function readFormFiles(values: FormValues): FilePart[] {
  return uploadedFiles((values[FILES]?.[FILES] as { files?: unknown } | undefined)?.files);
}

function inputsOf(
  { options }: CommandDeclaration,
  preset: FormExtras['preset'],
  takesFiles: boolean,
): Json[] {
  let mayAskForFiles = takesFiles;
  return Object.entries(options).flatMap(([name, option]) => {
    if (option.type !== 'file') return [inputOf(name, option, preset[name])];
    const inputs = mayAskForFiles ? [filesInput()] : [];
    mayAskForFiles = false;
    return inputs;
  });
}

function filesInput(): Json {
  const element = { type: 'file_input', action_id: FILES, max_files: MAX_FILES };
  const hint = plain(`At most ${MAX_FILES} files of ${MAX_FILE_MB} MB each.`);
  return { ...input(FILES, element, true), hint };
}

function readOptions(declared: readonly (readonly [string, TypedOption])[], values: FormValues): Json {
  const options: Record<string, unknown> = {};
  for (const [name, option] of declared) {
    const field = values[name]?.[name] as
      | { value?: unknown; selected_option?: { value?: unknown } | null; selected_options?: unknown[] }
      | undefined;
    if (field === undefined) continue;
    if (option.type === 'flag') options[name] = (field.selected_options?.length ?? 0) > 0;
    else options[name] = field.value ?? field.selected_option?.value ?? undefined;
  }
  return options;
}

function inputOf(
  name: string,
  option: TypedOption,
  preset: string | undefined,
  anyModel = 'Choose a model',
): Json {
  if (option.type === 'flag') {
    const choice = { text: plain(clip(option.description, SIZES.optionLabel)), value: 'on' };
    return input(name, { type: 'checkboxes', action_id: name, options: [choice] }, true);
  }
  const hint = plain(option.description);
  return { ...input(name, elementOf(name, option, preset, anyModel), !option.required), hint };
}

function elementOf(
  name: string,
  option: Exclude<TypedOption, { type: 'flag' }>,
  preset: string | undefined,
  anyModel: string,
): Json {
  switch (option.type) {
    case 'text':
    case 'secret':
      return {
        type: 'plain_text_input',
        action_id: name,
        multiline: option.maxChars > 200,
        max_length: Math.min(option.maxChars, SIZES.inputText.max),
      };
    case 'model':
      // Options arrive as the person types, from the whole catalogue.
      return {
        type: 'external_select',
        action_id: name,
        min_query_length: 0,
        placeholder: plain(anyModel),
      };
    case 'choice': {
      const options = option.choices.map(({ value, label }) => ({
        text: plain(clip(label, SIZES.optionLabel)),
        value,
      }));
      const chosen = options.find(({ value }) => value === preset);
      return {
        type: 'static_select',
        action_id: name,
        options,
        ...(chosen ? { initial_option: chosen } : {}),
      };
    }
  }
}

function withoutForm(command: CommandDeclaration): Json {
  const text = `Or without this form: ${usage(command).replaceAll('`', '')}`;
  return { type: 'context', elements: [plain(text)] };
}

function input(name: string, element: Json, optional: boolean): Json {
  return {
    type: 'input',
    block_id: name,
    label: plain(clip(labelOf(name), SIZES.inputLabel)),
    element,
    optional,
  };
}

function labelOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function plain(text: string): Json {
  return { type: 'plain_text', text };
}
