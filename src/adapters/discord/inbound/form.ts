import { ComponentType, type ModalSubmitFields, TextInputStyle } from 'discord.js';
import { clip } from '../../../core/kit/text-size.ts';
import { type CommandDeclaration, isAskedInForm, type Option } from '../../../core/ports/command.ts';
import { SIZES } from '../rest/sizes.ts';

/** A modal that asks for a command's options; at most five of them, Discord's limit. */
export function formOf(command: CommandDeclaration): object {
  return {
    custom_id: `form:${command.name}`,
    title: clip(`/${command.name}`, SIZES.formTitle),
    components: Object.entries(command.options).map(([name, option]) => ({
      type: ComponentType.Label,
      label: clip(labelOf(name), SIZES.formLabel),
      description: clip(option.description, SIZES.formDescription),
      component: { custom_id: name, required: option.required ?? false, ...inputOf(option) },
    })),
  };
}

/** Whose form a custom id names, if any: anybody can send any. */
export function commandOfForm(
  customId: string,
  commands: ReadonlyMap<string, CommandDeclaration>,
): CommandDeclaration | null {
  const command = customId.startsWith('form:') ? commands.get(customId.slice('form:'.length)) : undefined;
  return command !== undefined && isAskedInForm(command) ? command : null;
}

/** The options as they were filled in; a field that is empty is left out. Core checks them against the declaration. */
export function readForm(fields: ModalSubmitFields): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, field] of fields.fields) {
    if ('value' in field && field.value !== '') options[name] = field.value;
    else if ('values' in field && field.values.length > 0) options[name] = field.values[0];
  }
  return options;
}

function inputOf(option: Option): object {
  switch (option.type) {
    case 'text':
    case 'secret':
      return {
        type: ComponentType.TextInput,
        style: TextInputStyle.Short,
        max_length: Math.min(option.maxChars, SIZES.inputText.max),
      };
    case 'choice':
      return {
        type: ComponentType.StringSelect,
        options: option.choices.map(({ value, label }) => ({
          value,
          label: clip(label, SIZES.selectOption),
        })),
      };
    case 'model':
    case 'file':
    case 'flag':
      throw new TypeError(`Discord has no form that asks for a ${option.type}`);
  }
}

function labelOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
