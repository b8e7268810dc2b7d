import type { SizeLimit } from '../../../core/kit/text/text-size.ts';

const DOCS = 'https://docs.discord.com/developers';
const COMMANDS = `${DOCS}/interactions/application-commands`;
const COMPONENTS = `${DOCS}/components/reference`;

/**
 * All of Discord's limits on texts that Parley sends, with their units. Discord says "characters" and accepts 2,000 Chinese
 * ones, which are 6,000 bytes. It does not say whether it counts code points or UTF-16 units; UTF-16 units are never fewer.
 */
export const SIZES = {
  content: { max: 2_000, unit: 'utf16', source: `${DOCS}/resources/message#create-message` },
  /** Core's note and footer (`core/ports/surface.ts`), which are part of the same content. */
  note: { max: 300, unit: 'utf16', source: 'core/ports/surface.ts' },
  footer: { max: 200, unit: 'utf16', source: 'core/ports/surface.ts' },
  threadName: { max: 100, unit: 'utf16', source: `${DOCS}/resources/channel` },
  attachmentDescription: { max: 1_024, unit: 'utf16', source: `${DOCS}/resources/message#attachment-object` },
  choice: { max: 100, unit: 'utf16', source: `${COMMANDS}#application-command-object` },
  formTitle: {
    max: 45,
    unit: 'utf16',
    source: `${DOCS}/interactions/receiving-and-responding#interaction-response-object-modal`,
  },
  formLabel: { max: 45, unit: 'utf16', source: `${COMPONENTS}#label` },
  formDescription: { max: 100, unit: 'utf16', source: `${COMPONENTS}#label` },
  selectOption: { max: 100, unit: 'utf16', source: `${COMPONENTS}#string-select` },
  /** Discord counts a person's input; `max_length` itself may be at most this. */
  inputText: { max: 4_000, unit: 'utf16', source: `${COMPONENTS}#text-input` },
  optionText: { max: 6_000, unit: 'utf16', source: `${COMMANDS}#application-command-object` },
} as const satisfies Readonly<Record<string, SizeLimit>>;
