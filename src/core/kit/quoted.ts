const MAX_CHARS = 80;

/** What a person typed, in code marks on one line: nothing in it acts as Markdown, and what cannot be seen shows as `\u{FFFD}`. */
export function quoted(text: string): string {
  const start = text.slice(0, MAX_CHARS).toWellFormed();
  const visible = start.replace(/[`\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : '\u{FFFD}'));
  return `\`${visible}${text.length > MAX_CHARS ? '…' : ''}\``;
}
