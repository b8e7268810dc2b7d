import { clip, sizeOf } from '../../../core/kit/text/text-size.ts';
import { type CommandDeclaration, isAskedInForm, typedOptions } from '../../../core/ports/command.ts';
import { placeAt } from '../api/places.ts';
import { SIZES } from '../api/sizes.ts';
import { type Json, SlackRefusal } from '../api/web-api.ts';
import type { SlackContext } from '../context.ts';
import { uploadedFiles } from '../payloads/message-parts.ts';
import type { Deed, SuggestionBody } from '../payloads/payloads.ts';
import { pointedPart } from '../payloads/read-messages.ts';
import { usage } from './arguments.ts';
import {
  type CommandContext,
  type FilledForm,
  input,
  inputOf,
  modal,
  plain,
  readContext,
  readOptions,
} from './forms.ts';
import { runRequest } from './run-command.ts';

export interface FormExtras {
  /** The block above the inputs. Default: none. */
  readonly intro?: Json | null;
  /** Preselected choices, by option. Default: none. */
  readonly preset?: Readonly<Record<string, string>>;
  /** The message on which the form is opened. Default: none. */
  readonly about?: CommandContext['about'];
}

/** Slack's limits for one input. https://docs.slack.dev/reference/block-kit/block-elements/file-input-element */
const MAX_FILES = 10;
const MAX_FILE_MB = 10;
/** One input for all files of a command, whatever its options are called. */
const FILES = 'files';

/** Opens a command's form; without its input for files if Slack refuses that. */
export async function openForm(
  { workspace, log, signal }: SlackContext,
  command: CommandDeclaration,
  { channel, threadTs, responseUrl, triggerId }: Omit<Deed, 'team' | 'user'>,
  { intro = null, preset = {}, about = null }: FormExtras = {},
): Promise<void> {
  const open = (takesFiles: boolean) => {
    const blocks = [
      ...(intro === null ? [] : [intro]),
      ...inputsOf(command, preset, takesFiles),
      ...(isAskedInForm(command) ? [] : [withoutForm(command)]),
    ];
    const submit = command.reply === 'answer' ? 'Ask' : 'Save';
    const context = { channel, threadTs, responseUrl, about, command: command.name };
    const view = modal(`/${command.name}`, submit, context, blocks);
    return workspace.call('views.open', { trigger_id: triggerId, view }, signal);
  };
  const { takesFileInputs } = workspace.quirks;
  try {
    await open(takesFileInputs);
  } catch (error) {
    if (!takesFileInputs || !(error instanceof SlackRefusal)) throw error;
    await open(false);
    workspace.quirks.takesFileInputs = false;
    log.warn({ err: error }, 'Slack refuses files in forms here; forms no longer ask for them');
  }
}

interface SelectOption {
  text: { type: 'plain_text'; text: string };
  value: string;
}

/** The choices of a form's select for the text typed so far. Empty after a fault, because Slack waits only three seconds. */
export async function suggestOptions(slack: SlackContext, request: SuggestionBody): Promise<SelectOption[]> {
  const { workspace, directory, dispatch, log } = slack;
  try {
    const context = readContext(request.view.private_metadata);
    const suggestions = await dispatch.suggest({
      command: 'button' in context ? context : context.command,
      option: request.action_id,
      text: request.value,
      actor: await directory.actor(request.user),
      place: placeAt(workspace.team, context.channel, null),
    });
    return suggestions
      .filter(({ value }) => sizeOf(value, SIZES.optionValue.unit) <= SIZES.optionValue.max)
      .map(({ label, value }) => ({
        text: { type: 'plain_text', text: clip(label, SIZES.optionLabel) },
        value,
      }));
  } catch (error) {
    log.warn({ err: error }, 'could not fill a select');
    return [];
  }
}

/** Passes a submitted form to core as the command. */
export async function receiveCommandForm(
  slack: SlackContext,
  { id, user, context, values }: FilledForm<CommandContext>,
): Promise<void> {
  const command = slack.commands.find(({ name }) => name === context.command);
  if (command === undefined) return;
  const { channel, threadTs, responseUrl, about } = context;
  await runRequest(slack, {
    id,
    command,
    // Core checks them against the declaration.
    options: readOptions(typedOptions(command), values),
    from: { user, channel, threadTs, responseUrl },
    isFilledIn: true,
    brought: [
      ...uploadedFiles((values[FILES]?.[FILES] as { files?: unknown } | undefined)?.files),
      ...(about === null ? [] : [await pointedPart(slack, channel, threadTs, about, slack.signal)]),
    ],
  });
}

function inputsOf(
  { options }: CommandDeclaration,
  preset: NonNullable<FormExtras['preset']>,
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

function withoutForm(command: CommandDeclaration): Json {
  const text = `Or without this form: ${usage(command).replaceAll('`', '')}`;
  return { type: 'context', elements: [plain(text)] };
}
