import { upperFirst } from '../../../core/kit/text.ts';
import { clip } from '../../../core/kit/text-size.ts';
import type { TypedOption } from '../../../core/ports/command.ts';
import { SIZES } from '../api/sizes.ts';
import type { Json } from '../api/web-api.ts';

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
