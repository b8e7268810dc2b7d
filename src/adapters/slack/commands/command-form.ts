import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { clip } from '../../../core/kit/text-size.ts';
import { type CommandDeclaration, isAskedInForm, typedOptions } from '../../../core/ports/command.ts';
import { SIZES } from '../api/sizes.ts';
import { type Json, SlackRefusal } from '../api/web-api.ts';
import type { SlackContext } from '../context.ts';
import { uploadedFiles } from '../payloads/message-parts.ts';
import { usage } from './arguments.ts';
import { type FilledForm, input, inputOf, plain, readOptions } from './form-inputs.ts';
import { pointedAt, pointedPart } from './pointed-at.ts';
import { runRequest } from './run-command.ts';

export const FORM_CALLBACK = 'command-form';

const contextSchema = z.object({
  command: z.string(),
  channel: z.string(),
  responseUrl: z.string(),
  /** The thread of the message that the request is about. */
  threadTs: z.string().nullable().default(null),
  about: pointedAt.nullable().default(null),
});

/** The data that a form keeps until it is submitted. */
type FormContext = Readonly<z.infer<typeof contextSchema>>;

/** The data that a form kept. */
export function readContext(metadata: string): FormContext {
  return contextSchema.parse(parseJson(metadata));
}

export interface FormExtras {
  /** The block above the inputs. Default: none. */
  readonly intro?: Json | null;
  /** Preselected choices, by option. Default: none. */
  readonly preset?: Readonly<Record<string, string>>;
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
  triggerId: string,
  context: Omit<z.input<typeof contextSchema>, 'command'>,
  extras: FormExtras = {},
): Promise<void> {
  const open = (takesFiles: boolean) => {
    const metadata = JSON.stringify({ ...context, command: command.name });
    const view = formView(command, metadata, extras, takesFiles);
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

/** Passes a submitted form to core as the command. */
export async function receiveForm(
  slack: SlackContext,
  { id, user, context, values }: FilledForm<FormContext>,
): Promise<void> {
  const command = slack.commands.find(({ name }) => name === context.command);
  if (command === undefined) return;
  const { channel, threadTs, about } = context;
  await runRequest(slack, {
    id,
    command,
    // Core checks them against the declaration.
    options: readOptions(typedOptions(command), values),
    from: { user, channel, threadTs, responseUrl: slack.responseUrl(context.responseUrl) },
    isFilledIn: true,
    brought: [
      ...uploadedFiles((values[FILES]?.[FILES] as { files?: unknown } | undefined)?.files),
      ...(about === null ? [] : [await pointedPart(slack, channel, threadTs, about)]),
    ],
  });
}

/**
 * A modal for a command's options, as an alternative to flags.
 *
 * @param takesFiles whether it may ask for files, which needs the scope `files:read`
 */
function formView(
  command: CommandDeclaration,
  metadata: string,
  { intro = null, preset = {} }: FormExtras,
  takesFiles: boolean,
): Json {
  return {
    type: 'modal',
    callback_id: FORM_CALLBACK,
    private_metadata: metadata,
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
