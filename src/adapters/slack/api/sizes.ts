import type { SizeLimit } from '../../../core/kit/text/text-size.ts';

const BLOCKS = 'docs.slack.dev/reference/block-kit';
const VIEWS = 'docs.slack.dev/reference/views';
const MANIFEST = 'docs.slack.dev/reference/app-manifest';

/**
 * All of Slack's limits on texts that Parley sends, with their units. Slack's pages say "characters"; where somebody
 * measured, they were UTF-8 bytes. So all are treated as bytes, the strictest unit that Slack may use.
 */
export const SIZES = {
  /** Measured by others: 4,000 bytes pass, 4,002 give `msg_too_long` (openclaw PR#115027). The sent text is escaped. */
  updateText: { max: 4_000, unit: 'utf8-escaped', source: 'docs.slack.dev/reference/methods/chat.update' },
  /**
   * Beside blocks, `text` is for notifications and screen readers. The whole text if it fits, else its beginning, which
   * leaves room in case Slack counts it with the blocks.
   */
  wholeText: { max: 3_000, unit: 'utf8-escaped', source: 'our own, below updateText' },
  beginning: { max: 1_000, unit: 'utf8-escaped', source: 'our own, below updateText' },
  /** All blocks of a message together, or a stream. Others measured limits between 10,600 and 13,297. */
  message: {
    max: 9_000,
    unit: 'utf8-escaped',
    source: 'openclaw#143882, slackapi/bolt-js#2509; undocumented',
  },
  markdownBlock: { max: 12_000, unit: 'utf8', source: `${BLOCKS}/blocks/markdown-block` },
  section: { max: 3_000, unit: 'utf8-escaped', source: `${BLOCKS}/blocks/section-block` },
  /** Core's 300 UTF-16 units of a note and 200 of a footer, at the most bytes that they can take. */
  note: { max: 900, unit: 'utf8-escaped', source: 'core/ports/surface.ts' },
  footer: { max: 600, unit: 'utf8-escaped', source: 'core/ports/surface.ts' },
  optionLabel: { max: 75, unit: 'utf8', source: `${BLOCKS}/composition-objects/option-object` },
  optionValue: { max: 150, unit: 'utf8', source: `${BLOCKS}/composition-objects/option-object` },
  inputLabel: { max: 2_000, unit: 'utf8', source: `${BLOCKS}/blocks/input-block` },
  modalTitle: { max: 24, unit: 'utf8', source: VIEWS },
  privateMetadata: { max: 3_000, unit: 'utf8', source: VIEWS },
  /** Slack counts a person's input; `max_length` itself may be at most this. */
  inputText: { max: 3_000, unit: 'utf16', source: `${BLOCKS}/block-elements/plain-text-input-element` },
  usageHint: { max: 1_000, unit: 'utf8', source: MANIFEST },
  commandDescription: { max: 2_000, unit: 'utf8', source: MANIFEST },
} as const satisfies Readonly<Record<string, SizeLimit>>;
