import { oneLine } from '../kit/text/text.ts';
import type { BroughtPart, FilePart, ForwardedPart, QuotedPart } from '../ports/parts.ts';

/** A person's words, and what came with them. */
export interface Said {
  readonly text: string;
  readonly brought?: readonly BroughtPart[] | undefined;
}

/**
 * A person's message in the form for a model: their words, then the attachments between tags. Nothing inside can close a tag,
 * so that others' text stays marked as theirs; the system prompt explains the tags.
 */
export function userMessage({ text, brought = [] }: Said): string {
  const pieces = brought.map((part) => ('files' in part ? othersText(part) : fileText(part)));
  return [text, ...pieces].filter((piece) => piece !== '').join('\n\n');
}

/** Why a message is quoted, for the model. */
const WHY = {
  reply: 'the message that the question replies to',
  thread: 'said before in this thread',
  pointed: 'the message that the question is about',
} as const satisfies Record<QuotedPart['why'], string>;

function othersText(part: QuotedPart | ForwardedPart): string {
  const facts = {
    ...(part.author === null ? {} : { author: part.author.name }),
    why: part.type === 'quoted' ? WHY[part.why] : 'forwarded with the question',
  };
  const inside = [quotable(part.text), ...part.files.map(fileText)].filter((piece) => piece !== '');
  return wrapped('quoted', facts, inside.join('\n'));
}

function fileText({ type, name, mediaType, text, unread }: FilePart): string {
  const facts = { name, type: mediaType, ...(unread === undefined ? {} : { unread }) };
  return tagged(type, facts, text ?? '');
}

/** A text between tags that nothing in it can close, with attributes. */
export function tagged(tag: string, facts: Readonly<Record<string, string>>, text: string): string {
  return wrapped(tag, facts, quotable(text));
}

function wrapped(tag: string, facts: Readonly<Record<string, string>>, inside: string): string {
  const attributes = Object.entries(facts).map(([name, value]) => ` ${name}="${attribute(value)}"`);
  const open = `<${tag}${attributes.join('')}`;
  return inside === '' ? `${open} />` : `${open}>\n${inside}\n</${tag}>`;
}

const MAX_ATTRIBUTE_CHARS = 300;

function attribute(value: string): string {
  return oneLine(value, MAX_ATTRIBUTE_CHARS).replace(/["<>]/g, "'");
}

/** Escapes our tags in what others wrote. */
function quotable(text: string): string {
  return text.trim().replace(/<(?=\s*\/?\s*(?:quoted|file|image|instructions|now|summary)\b)/gi, '‹');
}
