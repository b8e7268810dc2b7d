import type { TypedOption } from '../../../core/ports/command.ts';
import type { OptionInfo } from '../wire.ts';

/** An option in the page's form. */
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
