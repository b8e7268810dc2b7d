import { ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { clip } from '../../../core/kit/text/text-size.ts';
import { Splitter } from '../../../core/markdown/cut/splitter.ts';
import { type Button, buttonRow, isButtonKind } from '../../../core/ports/buttons.ts';
import { PassingFault, Unshowable } from '../../../core/ports/delivery-errors.ts';
import {
  type Dialect,
  type MessageView,
  type NoticeFile,
  type TextLimits,
  withoutFiles,
} from '../../../core/ports/surface.ts';
import { SIZES } from '../rest/sizes.ts';

const DIALECT: Dialect = 'discord';

/**
 * Answers are plain message content, because people can select, copy, quote and search it, and notifications and every client
 * show it. Embeds and Components V2 hold more, but cannot do any of that.
 */
export const ANSWER_LIMITS = { maxChars: SIZES.content.max, dialect: DIALECT } as const satisfies TextLimits;

/** The body of a send or an edit. */
export interface MessageBody {
  readonly content: string;
  readonly components: readonly object[];
  readonly flags: number;
  readonly allowed_mentions: { readonly parse: readonly [] };
  readonly nonce?: string;
  readonly enforce_nonce?: true;
  readonly message_reference?: { readonly message_id: string; readonly fail_if_not_exists: false };
}

/**
 * Pings nobody, not even by an edit. Suppresses link previews, because fetching them would reveal every URL from the model,
 * and what a prompt injection put into it, to the server behind it.
 */
const QUIET = { allowed_mentions: { parse: [] }, flags: MessageFlags.SuppressEmbeds } as const;

const SIGNS = {
  streaming: '',
  sealed: '⚠️ ',
  complete: 'ℹ️ ',
  stopped: '⏹️ ',
  failed: '⚠️ ',
  interrupted: '⚠️ ',
} as const satisfies Record<MessageView['status'], string>;

export function answerBody({ text, buttons, ...tail }: MessageView): MessageBody {
  const parts = [text, below(tail)];
  return {
    ...QUIET,
    content: parts.filter((part) => part !== '').join('\n\n'),
    components: rowOf(buttons),
  };
}

/** Buttons in the form of a message. */
export function rowOf(buttons: readonly Button[]): MessageBody['components'] {
  return buttons.length === 0 ? [] : [{ type: ComponentType.ActionRow, components: buttons.map(buttonOf) }];
}

type Tail = Pick<MessageView, 'note' | 'footer' | 'status' | 'files'>;

/** The characters that note and footer take, including the blank line before them. */
export function tailLength(tail: Tail): number {
  const text = below(withoutFiles(tail));
  return text === '' ? 0 : '\n\n'.length + text.length;
}

function below({ status, note, footer }: Tail): string {
  const lines = [
    note === null ? '' : SIGNS[status] + clip(note, SIZES.note),
    footer === null ? '' : `-# ${clip(footer, SIZES.footer)}`,
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/** Whether this is an answer's last view. */
export function isEnded({ status }: MessageView): boolean {
  return status !== 'streaming' && status !== 'sealed';
}

const NOTE_AND_FOOTER = new RegExp(
  `(?:^|\\n\\n)(?:(?:${['ℹ️', '⏹️', '⚠️'].join('|')}) [^\\n]*(?:\\n|$))?(?:-# [^\\n]*)?$`,
);

/** The text of a finished answer, without note and footer. */
export function textOf(content: string): string {
  return content.replace(NOTE_AND_FOOTER, '');
}

/** The messages of a notice, at least one. */
export function noticeBodies(text: string): [MessageBody, ...MessageBody[]] {
  const splitter = new Splitter({ maxChars: SIZES.content.max, dialect: DIALECT });
  const parts = [...splitter.push(text), ...splitter.finish()].map((part) => part.text);
  const bodyOf = (content: string): MessageBody => ({ ...QUIET, content, components: [] });
  const [first = '', ...more] = parts;
  return [bodyOf(first), ...more.map(bodyOf)];
}

/** Sends the last part of a notice with its files. If Discord refuses them, sends it without files and says so. */
export async function withFilesOrWithout(
  body: MessageBody,
  files: readonly NoticeFile[],
  send: (body: MessageBody, files: readonly NoticeFile[]) => Promise<unknown>,
): Promise<void> {
  try {
    await send(body, files);
  } catch (error) {
    const mayBeTheFiles = files.length > 0 && (error instanceof Unshowable || error instanceof PassingFault);
    if (!mayBeTheFiles) throw error;
    const word = `-# ⚠️ I could not upload the ${files.length === 1 ? 'file' : 'files'} for this.`;
    await send({ ...body, content: `${clip(body.content, ROOM_FOR_A_WORD)}\n${word}` }, []);
  }
}

const ROOM_FOR_A_WORD = { ...SIZES.content, max: SIZES.content.max - 100 };

function buttonOf({ kind, answerId }: Button): object {
  const { label, style } = buttonRow(kind);
  const colour = style === 'primary' ? ButtonStyle.Primary : ButtonStyle.Secondary;
  return { type: ComponentType.Button, label, style: colour, custom_id: `${kind}:${answerId}` };
}

/** The button behind a custom id; null if it is not one of ours, because anybody can send any id. */
export function parseButton(customId: string): Button | null {
  const { kind, answerId } = /^(?<kind>[a-z]+):(?<answerId>[\w-]{1,40})$/.exec(customId)?.groups ?? {};
  return kind !== undefined && answerId !== undefined && isButtonKind(kind) ? { kind, answerId } : null;
}
