/** The word that the setup asks its operator to write to the bot, with six digits behind it. */
export const SETUP_WORD = 'parley-';

/** Whether a message is that word alone: a bot that runs meanwhile, or catches up later, leaves it without an answer. */
export function isForSetup(text: string): boolean {
  return text.startsWith(SETUP_WORD) && /^\d{6}$/.test(text.slice(SETUP_WORD.length));
}

/** Adds the operator's contact to a text that sends people to the operator; returns other texts unchanged. */
export type NameOperator = (text: string) => string;

/** The phrases with which Parley sends people to the operator. */
const SENT_TO_OPERATOR =
  /\bthe operator of this bot\b|(?<=\b(?:tell|ask) )the operator\b|\bthe operator(?= (?:can|must|has to)\b)/i;

/** @param contact `OPERATOR_CONTACT`; null if it is not set */
export function createNameOperator(contact: string | null): NameOperator {
  if (contact === null) return (text) => text;
  return (text) => text.replace(SENT_TO_OPERATOR, (operator) => `${operator} (${contact})`);
}
