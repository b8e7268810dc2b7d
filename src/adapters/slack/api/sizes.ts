import type { SizeLimit } from '../../../core/kit/text-size.ts';

const BLOCKS = 'docs.slack.dev/reference/block-kit';
const VIEWS = 'docs.slack.dev/reference/views';
const MANIFEST = 'docs.slack.dev/reference/app-manifest';

/**
 * Every limit of Slack's for a text that Parley sends, with its unit. Slack's pages say "characters"; where somebody measured,
 * they were UTF-8 bytes. So all are taken for bytes: no other unit that Slack may use is stricter.
 */
export const SIZES = {
  /** Measured by others: 4,000 bytes pass, 4,002 are `msg_too_long` (openclaw PR#115027). What is sent is escaped. */
  updateText: { max: 4_000, unit: 'utf8-escaped', source: 'docs.slack.dev/reference/methods/chat.update' },
  /**
   * Beside blocks, `text` is for notifications and screen readers. It is whole if it fits, else its beginning, which leaves
   * room in case Slack adds it to the blocks.
   */
  wholeText: { max: 3_000, unit: 'utf8-escaped', source: 'our own, below updateText' },
  beginning: { max: 1_000, unit: 'utf8-escaped', source: 'our own, below updateText' },
  /** All blocks of a message together, or a stream. Ceilings between 10,600 and 13,297 were measured by others. */
  message: {
    max: 9_000,
    unit: 'utf8-escaped',
    source: 'openclaw#143882, slackapi/bolt-js#2509; undocumented',
  },
  markdownBlock: { max: 12_000, unit: 'utf8', source: `${BLOCKS}/blocks/markdown-block` },
  section: { max: 3_000, unit: 'utf8-escaped', source: `${BLOCKS}/blocks/section-block` },
  /** Of core's 300 UTF-16 units for a note and 200 for a footer, as many bytes as those can take. */
  note: { max: 900, unit: 'utf8-escaped', source: 'core/ports/surface.ts' },
  footer: { max: 600, unit: 'utf8-escaped', source: 'core/ports/surface.ts' },
  optionLabel: { max: 75, unit: 'utf8', source: `${BLOCKS}/composition-objects/option-object` },
  optionValue: { max: 150, unit: 'utf8', source: `${BLOCKS}/composition-objects/option-object` },
  inputLabel: { max: 2_000, unit: 'utf8', source: `${BLOCKS}/blocks/input-block` },
  modalTitle: { max: 24, unit: 'utf8', source: VIEWS },
  privateMetadata: { max: 3_000, unit: 'utf8', source: VIEWS },
  /** Slack counts what a person types; `max_length` itself may be at most so much. */
  inputText: { max: 3_000, unit: 'utf16', source: `${BLOCKS}/block-elements/plain-text-input-element` },
  usageHint: { max: 1_000, unit: 'utf8', source: MANIFEST },
  commandDescription: { max: 2_000, unit: 'utf8', source: MANIFEST },
} as const satisfies Readonly<Record<string, SizeLimit>>;
