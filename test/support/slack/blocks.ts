import { ApiError } from './api-error.ts';
import { bytesOf } from './bytes.ts';
import { asString, isJson, type Json } from './json.ts';

/** The most that all blocks of a message or a whole stream hold, in bytes once `&`, `<` and `>` are entities. */
export const MAX_MESSAGE_BYTES = 10_600;

/**
 * Sizes from docs.slack.dev/reference/block-kit and from @slack/types. The pages say characters; whatever was measured was bytes of
 * UTF-8, so bytes are counted.
 */
const MAX = {
  messageBlocks: 50,
  viewBlocks: 100,
  blockId: 255,
  markdown: 12_000,
  sectionText: 3000,
  fields: 10,
  fieldText: 2000,
  header: 150,
  contextElements: 10,
  actionElements: 25,
  buttonText: 75,
  actionId: 255,
  buttonValue: 2000,
  placeholder: 150,
  options: 100,
  optionText: 75,
  optionValue: 150,
  altText: 2000,
  label: 2000,
  files: 10,
  /** Undocumented. The lowest of the ceilings that were measured (openclaw#143882; 13,297 in slackapi/bolt-js#2509). */
  message: MAX_MESSAGE_BYTES,
} as const;

/** Refuses what Block Kit refuses. @throws ApiError `invalid_blocks`, `invalid_blocks_format`, `msg_blocks_too_long` */
export function checkBlocks(value: unknown, surface: 'message' | 'modal' | 'home'): Json[] {
  if (!Array.isArray(value)) throw new ApiError('invalid_blocks_format');
  const most = surface === 'message' ? MAX.messageBlocks : MAX.viewBlocks;
  if (value.length > most) throw invalid('/blocks', `no more than ${most} items allowed`);
  const ids = new Set<string>();
  let markdownBytes = 0;
  const blocks = value.map((block: unknown, index) => {
    const at = `/blocks/${index}`;
    if (!isJson(block)) throw new ApiError('invalid_blocks_format');
    const id = block['block_id'];
    if (id !== undefined) {
      length(at, 'block_id', id, 1, MAX.blockId);
      if (ids.has(asString(id))) throw invalid(at, `block_id "${asString(id)}" is used twice`);
      ids.add(asString(id));
    }
    checkBlock(block, at, surface);
    if (block['type'] === 'markdown') markdownBytes += Buffer.byteLength(asString(block['text']));
    return block;
  });
  if (markdownBytes > MAX.markdown)
    throw invalid('/blocks', `markdown blocks hold more than ${MAX.markdown} bytes together`);
  if (surface === 'message' && textBytes(blocks) > MAX.message) throw new ApiError('msg_blocks_too_long');
  return blocks;
}

function checkBlock(block: Json, at: string, surface: 'message' | 'modal' | 'home'): void {
  const type = asString(block['type']);
  switch (type) {
    case 'divider':
    case 'rich_text':
      return;
    case 'markdown':
      if (surface !== 'message') throw invalid(at, 'markdown blocks are for messages');
      length(at, 'text', block['text'], 1, MAX.markdown);
      return;
    case 'section': {
      if (block['text'] === undefined && block['fields'] === undefined)
        throw invalid(at, 'missing required field: text');
      if (block['text'] !== undefined) textObject(at, block['text'], MAX.sectionText);
      for (const [index, field] of items(at, 'fields', block['fields'] ?? [], 0, MAX.fields).entries()) {
        textObject(`${at}/fields/${index}`, field, MAX.fieldText);
      }
      if (block['accessory'] !== undefined) element(`${at}/accessory`, block['accessory']);
      return;
    }
    case 'header':
      plainText(at, block['text'], MAX.header);
      return;
    case 'context':
      for (const [index, item] of items(
        at,
        'elements',
        block['elements'],
        1,
        MAX.contextElements,
      ).entries()) {
        if (!isJson(item) || item['type'] !== 'image')
          textObject(`${at}/elements/${index}`, item, MAX.sectionText);
      }
      return;
    case 'actions':
      for (const [index, item] of items(at, 'elements', block['elements'], 1, MAX.actionElements).entries()) {
        element(`${at}/elements/${index}`, item);
      }
      return;
    case 'context_actions':
      if (surface !== 'message') throw invalid(at, 'context_actions are for messages');
      for (const [index, item] of items(at, 'elements', block['elements'], 1, 5).entries()) {
        feedbackButtons(`${at}/elements/${index}`, item);
      }
      return;
    case 'image':
      if (block['image_url'] === undefined && block['slack_file'] === undefined)
        throw invalid(at, 'missing image_url or slack_file');
      length(at, 'alt_text', block['alt_text'], 1, MAX.altText);
      return;
    case 'input':
      plainText(`${at}/label`, block['label'], MAX.label);
      if (isFileInput(block['element'])) {
        if (surface !== 'modal') throw invalid(at, 'file_input is for modals');
        fileInput(`${at}/element`, block['element']);
      } else element(`${at}/element`, block['element']);
      return;
    default:
      throw invalid(at, `unsupported type: ${type}`);
  }
}

/** docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element */
function feedbackButtons(at: string, value: unknown): void {
  if (!isJson(value)) throw invalid(at, 'must be an object');
  if (value['type'] !== 'feedback_buttons')
    throw invalid(at, `unsupported element: ${asString(value['type'])}`);
  length(at, 'action_id', value['action_id'], 1, MAX.actionId);
  for (const half of ['positive_button', 'negative_button']) {
    const button = value[half];
    if (!isJson(button)) throw invalid(at, `missing required field: ${half}`);
    plainText(`${at}/${half}/text`, button['text'], MAX.buttonText);
    length(at, 'value', button['value'], 1, MAX.buttonValue);
  }
}

export function isFileInput(element: unknown): element is Json {
  return isJson(element) && element['type'] === 'file_input';
}

/** docs.slack.dev/reference/block-kit/block-elements/file-input-element */
function fileInput(at: string, { action_id, max_files }: Json): void {
  if (action_id !== undefined) length(at, 'action_id', action_id, 1, MAX.actionId);
  if (max_files === undefined) return;
  if (typeof max_files !== 'number' || max_files < 1 || max_files > MAX.files)
    throw invalid(at, `max_files must be 1 to ${MAX.files}`);
}

function element(at: string, value: unknown): void {
  if (!isJson(value)) throw invalid(at, 'must be an object');
  const type = asString(value['type']);
  if (value['action_id'] !== undefined) length(at, 'action_id', value['action_id'], 1, MAX.actionId);
  switch (type) {
    case 'button':
      plainText(`${at}/text`, value['text'], MAX.buttonText);
      if (value['value'] !== undefined) length(at, 'value', value['value'], 1, MAX.buttonValue);
      if (value['style'] !== undefined && value['style'] !== 'primary' && value['style'] !== 'danger') {
        throw invalid(at, 'style must be primary or danger');
      }
      return;
    case 'static_select':
    case 'multi_static_select':
    case 'radio_buttons':
    case 'checkboxes':
      checkOptions(at, value);
      return;
    case 'external_select':
      if (value['placeholder'] !== undefined)
        plainText(`${at}/placeholder`, value['placeholder'], MAX.placeholder);
      return;
    case 'plain_text_input':
    case 'number_input':
    case 'email_text_input':
    case 'url_text_input':
      if (value['placeholder'] !== undefined)
        plainText(`${at}/placeholder`, value['placeholder'], MAX.placeholder);
      return;
    case 'image':
      return;
    default:
      throw invalid(at, `unsupported element: ${type}`);
  }
}

function checkOptions(at: string, value: Json): void {
  if (value['placeholder'] !== undefined)
    plainText(`${at}/placeholder`, value['placeholder'], MAX.placeholder);
  const groups = value['option_groups'];
  const lists =
    groups === undefined
      ? [value['options']]
      : items(at, 'option_groups', groups, 1, MAX.options).map((group) => {
          if (!isJson(group)) throw invalid(at, 'must be an object');
          plainText(`${at}/label`, group['label'], MAX.optionText);
          return group['options'];
        });
  const values = new Set<string>();
  for (const list of lists) {
    for (const option of items(at, 'options', list, 1, MAX.options)) {
      if (!isJson(option)) throw invalid(at, 'must be an object');
      textObject(`${at}/text`, option['text'], MAX.optionText);
      length(at, 'value', option['value'], 1, MAX.optionValue);
      if (option['description'] !== undefined)
        textObject(`${at}/description`, option['description'], MAX.optionText);
      values.add(asString(option['value']));
    }
  }
  const initial = value['initial_option'];
  if (isJson(initial) && !values.has(asString(initial['value'])))
    throw invalid(at, 'initial_option is not among the options');
}

function plainText(at: string, value: unknown, most: number): void {
  if (isJson(value) && value['type'] !== 'plain_text') throw invalid(at, 'must be plain_text');
  textObject(at, value, most);
}

function textObject(at: string, value: unknown, most: number): void {
  if (!isJson(value)) throw invalid(at, 'must be a text object');
  if (value['type'] !== 'mrkdwn' && value['type'] !== 'plain_text')
    throw invalid(at, 'must be mrkdwn or plain_text');
  length(at, 'text', value['text'], 1, most);
}

function length(at: string, field: string, value: unknown, least: number, most: number): void {
  if (typeof value !== 'string') throw invalid(at, `missing required field: ${field}`);
  if (value.length < least) throw invalid(at, `${field} must be more than ${least - 1} bytes`);
  if (Buffer.byteLength(value) > most) throw invalid(at, `${field} must be less than ${most + 1} bytes`);
}

function items(at: string, field: string, value: unknown, least: number, most: number): unknown[] {
  if (!Array.isArray(value)) throw invalid(at, `missing required field: ${field}`);
  if (value.length < least || value.length > most)
    throw invalid(at, `${field} must hold ${least} to ${most} items`);
  return value;
}

/** All texts in blocks together. */
export function textBytes(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item), 0);
  if (!isJson(value)) return 0;
  const own = typeof value['text'] === 'string' ? bytesOf(value['text'], value['type'] === 'mrkdwn') : 0;
  return Object.values(value).reduce<number>((sum, item) => sum + textBytes(item), own);
}

function invalid(at: string, why: string): ApiError {
  return new ApiError('invalid_blocks', {
    response_metadata: { messages: [`[ERROR] ${why} [json-pointer:${at}]`] },
  });
}
