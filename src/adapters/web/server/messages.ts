import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import { answerSchema, fileSchema, type Message, noticeSchema, saidSchema } from '../wire.ts';

const files = z.array(fileSchema.extend({ base64: z.string() }));
const button = z.object({ kind: z.enum(BUTTON_KINDS), answerId: z.string() });

/** A stored message. Raise `MESSAGE_VERSION` with every change that old ones would not pass. */
export const storedMessageSchema = z.discriminatedUnion('kind', [
  saidSchema,
  answerSchema.extend({ buttons: z.array(button), files: files.default([]) }),
  noticeSchema.extend({ files }),
]);

export const MESSAGE_VERSION = 1;

/** An id for a message or an event. */
export function newId(): string {
  return randomBytes(12).toString('base64url');
}

export type StoredMessage = z.infer<typeof storedMessageSchema>;
export type StoredAnswer = Extract<StoredMessage, { kind: 'answer' }>;

type Unplaced<M> = M extends unknown ? Omit<M, 'order' | 'atMs' | 'threadTitle'> : never;

/** A message before it is posted. */
export type Draft = Unplaced<StoredMessage>;

/** The message in the page's form: without answers' ids and files' contents. */
export function toWire(message: StoredMessage): Message {
  if (message.kind === 'said') return message;
  const files = message.files.map(({ base64: _, ...info }) => info);
  if (message.kind === 'notice') return { ...message, files };
  return { ...message, files, buttons: message.buttons.map(({ kind }) => kind) };
}
