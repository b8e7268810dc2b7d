import { ComponentType, type ModalSubmitFields, TextInputStyle } from 'discord.js';
import { upperFirst } from '../../../core/kit/text/text.ts';
import { clip } from '../../../core/kit/text/text-size.ts';
import { type Button, buttonRow, isPress, type PressKind } from '../../../core/ports/buttons.ts';
import { type CommandDeclaration, isAskedInForm, type Option } from '../../../core/ports/command.ts';
import type { Suggestion } from '../../../core/ports/events.ts';
import { parseButton } from '../answers/content.ts';
import { SIZES } from '../rest/sizes.ts';

/** A modal for a command's options; at most five, Discord's limit. */
export function formOf({ name, options }: CommandDeclaration): object {
  return formNamed(`form:${name}`, `/${name}`, options, new Map());
}

/**
 * A modal for a button's form.
 * @param models the models to offer, by option
 */
export function pressFormOf(
  { kind, answerId }: Button,
  models: ReadonlyMap<string, readonly Suggestion[]>,
): object {
  const { label, form = {} } = buttonRow(kind);
  return formNamed(`${PRESS}${kind}:${answerId}`, label, form, models);
}

const PRESS = 'press:';

/** The button behind a form's custom id; null if there is none, because anybody can send any id. */
export function buttonOfForm(customId: string): Button<PressKind> | null {
  const button = customId.startsWith(PRESS) ? parseButton(customId.slice(PRESS.length)) : null;
  return button !== null && isPress(button) && buttonRow(button.kind).form !== undefined ? button : null;
}

function formNamed(
  customId: string,
  title: string,
  options: Readonly<Record<string, Option>>,
  models: ReadonlyMap<string, readonly Suggestion[]>,
): object {
  return {
    custom_id: customId,
    title: clip(title, SIZES.formTitle),
    components: Object.entries(options).map(([name, option]) => ({
      type: ComponentType.Label,
      label: clip(upperFirst(name), SIZES.formLabel),
      description: clip(option.description, SIZES.formDescription),
      component: {
        custom_id: name,
        required: option.required ?? false,
        ...inputOf(option, models.get(name) ?? []),
      },
    })),
  };
}

/** The command behind a form's custom id; undefined if there is none, because anybody can send any id. */
export function commandOfForm(
  customId: string,
  commands: readonly CommandDeclaration[],
): CommandDeclaration | undefined {
  return commands.find((command) => isAskedInForm(command) && customId === `form:${command.name}`);
}

/** The options in a filled form, without empty fields. Core checks them against the declaration. */
export function readForm(fields: ModalSubmitFields): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, field] of fields.fields) {
    if ('value' in field && field.value !== '') options[name] = field.value;
    else if ('values' in field && field.values.length > 0 && field.values[0] !== SAME)
      options[name] = field.values[0];
  }
  return options;
}

/** Not the id of a model. */
const SAME = '-';

function inputOf(option: Option, models: readonly Suggestion[]): object {
  switch (option.type) {
    case 'text':
    case 'secret':
      return {
        type: ComponentType.TextInput,
        style: option.maxChars > 200 ? TextInputStyle.Paragraph : TextInputStyle.Short,
        max_length: Math.min(option.maxChars, SIZES.inputText.max),
      };
    case 'choice':
      return { type: ComponentType.StringSelect, options: option.choices.map(selectOption) };
    case 'model': {
      const same = { value: SAME, label: 'The same model', default: true };
      return { type: ComponentType.StringSelect, options: [same, ...models.map(selectOption)] };
    }
    case 'file':
    case 'flag':
      throw new TypeError(`Discord has no form that asks for a ${option.type}`);
  }
}

function selectOption({ value, label }: Suggestion): object {
  return { value, label: clip(label, SIZES.selectOption) };
}
