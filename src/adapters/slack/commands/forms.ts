import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { upperFirst } from '../../../core/kit/text/text.ts';
import { clip } from '../../../core/kit/text/text-size.ts';
import { PRESS_KINDS } from '../../../core/ports/buttons.ts';
import type { TypedOption } from '../../../core/ports/command.ts';
import { SIZES } from '../api/sizes.ts';
import type { Json } from '../api/web-api.ts';
import { pointedAt } from '../payloads/read-messages.ts';

/** A button's form has a name of its own, by which processes of earlier versions know it. */
export const FORM_CALLBACK = /^(?:command|press)-form$/;

const opened = z.object({
  channel: z.string(),
  responseUrl: z.string(),
  /** The thread of the message that the form is about. */
  threadTs: z.string().nullable().default(null),
});
const commandContext = opened.extend({ command: z.string(), about: pointedAt.nullable().default(null) });
const pressContext = opened.extend({
  button: z.enum(PRESS_KINDS),
  answerId: z.string(),
  /** The `ts` of the message with the button. */
  messageTs: z.string(),
});

/** The data that a command's form keeps until it is submitted. */
export type CommandContext = Readonly<z.infer<typeof commandContext>>;
/** The same of a button's form. */
export type PressContext = Readonly<z.infer<typeof pressContext>>;

/** The data that a form kept. */
export function readContext(metadata: string): CommandContext | PressContext {
  return z.union([commandContext, pressContext]).parse(parseJson(metadata));
}

export function modal(
  title: string,
  submit: string,
  context: z.input<typeof commandContext> | PressContext,
  blocks: readonly Json[],
): Json {
  return {
    type: 'modal',
    callback_id: 'button' in context ? 'press-form' : 'command-form',
    private_metadata: JSON.stringify(context),
    title: plain(clip(title, SIZES.modalTitle)),
    submit: plain(submit),
    close: plain('Cancel'),
    blocks,
  };
}

/** The values of a filled form, by block and action. */
type FormValues = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A form that somebody sent off. */
export interface FilledForm<C> {
  /** The id of the person's action; unique. */
  readonly id: string;
  readonly user: string;
  readonly context: C;
  readonly values: FormValues;
}

/** The options in a filled form, as core takes them. */
export function readOptions(declared: readonly (readonly [string, TypedOption])[], values: FormValues): Json {
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

/** An input for an option, with a preselected choice. */
export function inputOf(
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

export function input(name: string, element: Json, optional: boolean): Json {
  return {
    type: 'input',
    block_id: name,
    label: plain(clip(upperFirst(name), SIZES.inputLabel)),
    element,
    optional,
  };
}

export function plain(text: string): Json {
  return { type: 'plain_text', text };
}
