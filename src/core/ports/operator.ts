/** Adds who the operator is to a text for people that sends them to the operator; others stay as they are. */
export type NameOperator = (text: string) => string;

/** Where Parley's own words send people to the operator. */
const SENT_TO_OPERATOR =
  /\bthe operator of this bot\b|(?<=\b(?:tell|ask) )the operator\b|\bthe operator(?= (?:can|must|has to)\b)/i;

/** @param contact `OPERATOR_CONTACT`; null if the operator set none */
export function createNameOperator(contact: string | null): NameOperator {
  if (contact === null) return (text) => text;
  return (text) => text.replace(SENT_TO_OPERATOR, (operator) => `${operator} (${contact})`);
}
