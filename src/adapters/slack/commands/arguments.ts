import { positionalOf, readTypedOptions } from '../../../core/kit/typed-options.ts';
import { type CommandDeclaration, isAskedInForm, typedOptions } from '../../../core/ports/command.ts';

export type Arguments =
  | { readonly ok: true; readonly options: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/** Parses the text after a slash command. */
export function parseArguments(command: CommandDeclaration, text: string): Arguments {
  const options: Record<string, unknown> = {};
  const { named, unnamed } = readTypedOptions(text, 0, listed(command));
  for (const { name, option, value } of named) {
    if (option === undefined) {
      return refusal(
        `\`/${command.name}\` has no option \`--${name.slice(0, 40)}\`. ${usage(command)} If your text starts with dashes, put \`--\` before it.`,
      );
    }
    if (Object.hasOwn(options, name)) return refusal(`\`--${name}\` is given twice.`);
    if (option.type !== 'flag' && value === null) {
      return refusal(`\`--${name}\` needs a value: ${example(command, name)}.`);
    }
    options[name] = value?.text ?? true;
  }
  for (const { option, value } of unnamed) {
    if (option === undefined) {
      return refusal(`\`/${command.name}\` does not take “${value.text.slice(0, 60)}”. ${usage(command)}`);
    }
    options[option.name] = value.text;
  }
  return { ok: true, options };
}

function refusal(problem: string): Arguments {
  return { ok: false, problem };
}

function listed(command: CommandDeclaration) {
  return typedOptions(command).map(([name, option]) => ({ ...option, name }));
}

/** How to type a command: `/ask [--model …] [--web] prompt`, `/model [model] [--scope …]`. */
export function usage(command: CommandDeclaration): string {
  const options = isAskedInForm(command) ? [] : listed(command);
  const main = positionalOf(options);
  const flags = options
    .filter((option) => option !== main)
    .map((option) => `[--${option.name}${option.type === 'flag' ? '' : ' …'}]`);
  const words = main === undefined ? [] : [main.required ? main.name : `[${main.name}]`];
  const parts = main?.type === 'text' ? [...flags, ...words] : [...words, ...flags];
  return `Type \`${[`/${command.name}`, ...parts].join(' ')}\`.`;
}

function example(command: CommandDeclaration, name: string): string {
  const option = command.options[name];
  const value = option?.type === 'choice' ? (option.choices[0]?.value ?? '…') : '…';
  return `\`/${command.name} --${name} ${value}\``;
}
