import { asList, asString, isJson, type Json } from './json.ts';
import type { Content, SlackMessage, Workspace } from './workspace.ts';

export interface SeenButton {
  readonly label: string;
  readonly actionId: string;
  readonly blockId: string;
  readonly value: string;
}

/** A message as a person sees it. */
export interface SeenMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  /** User id of the author, the bot's own for the bot. */
  readonly author: string;
  /** The body, with entities shown as their characters. */
  readonly text: string;
  /** Small print below the body. */
  readonly footer: string;
  readonly buttons: readonly SeenButton[];
  /** Each body that it showed before, oldest first. */
  readonly history: readonly string[];
  readonly streaming: boolean;
  /** Whether it shows what was streamed: Slack closes by itself what is half-open in that, also once the stream has ended. */
  readonly asStreamed: boolean;
  readonly edited: boolean;
  readonly files: readonly string[];
  readonly reactions: readonly string[];
  /** The content as the app sent it. */
  readonly raw: Content;
}

export function see(message: SlackMessage, workspace: Workspace): SeenMessage {
  return {
    channel: message.channel,
    ts: message.ts,
    threadTs: message.threadTs,
    author: message.user,
    text: bodyOf(message.content),
    footer: footerOf(message.content),
    buttons: buttonsOf(message.content.blocks ?? []),
    history: message.history.map(bodyOf),
    streaming: workspace.isStreaming(message),
    asStreamed: message.stream !== null && message.editedTs === null,
    edited: message.editedTs !== null,
    files: message.files.map((file) => file.name),
    reactions: [...message.reactions.keys()],
    raw: message.content,
  };
}

/** The body of a message: its Markdown and its blocks, without small print and buttons; its text where there is neither. */
export function bodyOf(content: Content): string {
  const parts: string[] = [];
  if (content.markdown !== undefined) parts.push(content.markdown);
  for (const block of content.blocks ?? []) parts.push(...blockText(block));
  if (content.markdown === undefined && content.blocks === undefined) parts.push(content.text);
  return decode(parts.join('\n'));
}

/** All text of a view (modal or home tab), one line a block, buttons in square brackets. */
export function viewText(view: Json): string {
  const title = isJson(view['title']) ? [asString(view['title']['text'])] : [];
  const lines = asList(view['blocks']).flatMap((block) => [
    ...blockText(block),
    ...contextText(block),
    ...buttonsOf([block]).map((button) => `[${button.label}]`),
  ]);
  return decode([...title, ...lines].join('\n'));
}

export function buttonsOf(blocks: readonly Json[]): SeenButton[] {
  return blocks.flatMap((block) => {
    const elements = block['type'] === 'section' ? asList([block['accessory']]) : asList(block['elements']);
    return elements.flatMap((element) => {
      const own = element['type'] === 'button' ? [element] : [];
      // A pair of feedback buttons, under one action.
      const pair = asList([element['positive_button'], element['negative_button']]);
      return [...own, ...pair].map((button) => ({
        label: decode(isJson(button['text']) ? asString(button['text']['text']) : ''),
        actionId: asString(element['action_id']),
        blockId: asString(block['block_id']),
        value: asString(button['value']),
      }));
    });
  });
}

function footerOf(content: Content): string {
  return decode((content.blocks ?? []).flatMap(contextText).join('\n'));
}

function contextText(block: Json): string[] {
  return block['type'] === 'context'
    ? asList(block['elements']).map((element) => asString(element['text']))
    : [];
}

function blockText(block: Json): string[] {
  switch (block['type']) {
    case 'markdown':
      return [asString(block['text'])];
    case 'section':
    case 'header': {
      const main = isJson(block['text']) ? [asString(block['text']['text'])] : [];
      return [...main, ...asList(block['fields']).map((field) => asString(field['text']))];
    }
    case 'input':
      return isJson(block['label']) ? [asString(block['label']['text'])] : [];
    default:
      return [];
  }
}

/** Slack decodes these three entities, once. */
function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
