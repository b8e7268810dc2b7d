import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BUTTON_KINDS } from '../../../core/ports/buttons.ts';
import type { FileInfo, Message } from '../wire.ts';

const base = {
  id: z.string(),
  order: z.int(),
  atMs: z.number(),
  channel: z.string(),
  thread: z.string().nullable(),
  audience: z.string().nullable(),
  threadTitle: z.string().nullable(),
  user: z.string(),
  text: z.string(),
};

const files = z.array(
  z.object({ name: z.string(), mediaType: z.string(), description: z.string(), base64: z.string() }),
);

/** A stored message. Raise `MESSAGE_VERSION` with every change that old ones would not pass. */
export const storedMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    kind: z.literal('said'),
    addressed: z.boolean(),
    // Messages of 0.1.0 have none.
    files: z.array(z.object({ id: z.string(), name: z.string(), mediaType: z.string() })).default([]),
  }),
  z.object({
    ...base,
    kind: z.literal('answer'),
    status: z.enum(['streaming', 'sealed', 'complete', 'stopped', 'failed', 'interrupted']),
    note: z.string().nullable(),
    footer: z.string().nullable(),
    buttons: z.array(z.object({ kind: z.enum(BUTTON_KINDS), answerId: z.string() })),
    files: files.default([]),
  }),
  z.object({
    ...base,
    kind: z.literal('notice'),
    about: z.string().nullable(),
    files,
  }),
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
  switch (message.kind) {
    case 'said':
      return message;
    case 'answer':
      return {
        ...message,
        buttons: message.buttons.map(({ kind }) => kind),
        files: message.files.map(infoOf),
      };
    case 'notice':
      return { ...message, files: message.files.map(infoOf) };
  }
}

function infoOf({ name, mediaType, description }: z.infer<typeof files>[number]): FileInfo {
  return { name, mediaType, description };
}
