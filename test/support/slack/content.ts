import { ApiError } from './api-error.ts';
import { checkBlocks } from './blocks.ts';
import type { Json } from './json.ts';
import type { Violation } from './violations.ts';
import type { Content } from './workspace.ts';

/** In bytes of UTF-8: measured for updates (openclaw PR#115027), and taken for the others. */
const MAX_TEXT = 40_000;
const MAX_UPDATE_TEXT = 4000;
const MAX_MARKDOWN = 12_000;

/** The content that a request would show, after Slack's checks of its sizes. @throws ApiError as Slack would refuse it. */
export function contentOf(
  args: Json,
  method: 'post' | 'update',
  report: (violation: Violation) => void,
  previous?: Content,
): Content {
  const markdown = markdownOf(args);
  const given = args['text'];
  if (markdown !== undefined) {
    if (given !== undefined || args['blocks'] !== undefined) throw new ApiError('markdown_text_conflict');
    return { text: markdown, markdown };
  }
  let text = typeof given === 'string' ? given : '';
  if (method === 'update' && Buffer.byteLength(text) > MAX_UPDATE_TEXT) throw new ApiError('msg_too_long');
  if (Buffer.byteLength(text) > MAX_TEXT) {
    report({ kind: 'truncated', detail: `text of ${Buffer.byteLength(text)} bytes` });
    text = new TextDecoder().decode(Buffer.from(text).subarray(0, MAX_TEXT));
  }
  const blocks = args['blocks'] === undefined ? undefined : checkBlocks(args['blocks'], 'message');
  // An update that names no blocks keeps those that stand; an empty list takes them off.
  const shown = blocks ?? (method === 'update' ? previous?.blocks : undefined);
  if (text === '' && (shown === undefined || shown.length === 0)) throw new ApiError('no_text');
  return shown === undefined || shown.length === 0 ? { text } : { text, blocks: shown };
}

/** The `markdown_text` of a request, or the text of its `chunks`. */
export function markdownOf(args: Json): string | undefined {
  const markdown = args['markdown_text'];
  if (markdown === undefined) return undefined;
  if (typeof markdown !== 'string' || markdown === '') throw new ApiError('no_text');
  if (Buffer.byteLength(markdown) > MAX_MARKDOWN) throw new ApiError('msg_too_long');
  return markdown;
}
