import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { clip } from '../../../core/kit/text-size.ts';
import { buttonRow, PRESS_KINDS } from '../../../core/ports/buttons.ts';
import { SIZES } from '../api/sizes.ts';
import type { Json } from '../api/web-api.ts';
import { type FilledForm, inputOf, plain, readOptions } from './form-inputs.ts';

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
export function readPressForm({ context, values }: FilledForm<PressContext>): Json {
  return readOptions(Object.entries(buttonRow(context.button).form ?? {}), values);
}
