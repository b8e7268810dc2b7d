import { BUTTON_KINDS, buttonRow } from '../../../core/ports/buttons.ts';
import {
  type CommandDeclaration,
  isAskedInForm,
  type TypedOption,
  typedOptions,
} from '../../../core/ports/command.ts';
import { TIERS } from '../../../core/ports/tiers.ts';
import { MAX_FILES, MAX_MESSAGE_CHARS, type OptionInfo, type RoomInfo } from '../wire.ts';
import { CHANNELS, PEOPLE } from './people.ts';

/** The facts that do not change while the server runs. */
export function roomInfo(
  commands: readonly CommandDeclaration[],
  rest: Pick<RoomInfo, 'maxFileBytes' | 'isOpen'>,
): RoomInfo {
  return {
    ...rest,
    people: PEOPLE,
    channels: CHANNELS,
    commands: commands.map((command) => {
      const { name, description, role } = command;
      const options = typedOptions(command).map(([key, option]) => optionInfo(key, option));
      const asked = isAskedInForm(command) ? { options: [], form: options } : { options, form: null };
      return { name, description, role, ...asked };
    }),
    buttons: Object.fromEntries(
      BUTTON_KINDS.map((kind) => {
        const { label, title = label, form } = buttonRow(kind);
        return [kind, { label, title, hasForm: form !== undefined }];
      }),
    ),
    tiers: TIERS,
    maxMessageChars: MAX_MESSAGE_CHARS,
    maxFiles: MAX_FILES,
  };
}

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
