/** Names a thread after its question: its first line, cut at a word, at most `maxChars` (Discord allows 100). */
export function threadTitle(question: string, maxChars = 80): string {
  const line = question.trim().split(/\r?\n/, 1)[0]?.replace(/\s+/g, ' ') ?? '';
  if (line === '') return 'A question';
  const characters = Array.from(
    new Intl.Segmenter().segment(line.slice(0, maxChars * 4)),
    ({ segment }) => segment,
  );
  let title = '';
  for (const character of characters) {
    if (title.length + character.length > maxChars - 1) {
      const word = title.lastIndexOf(' ');
      return `${(word > maxChars / 2 ? title.slice(0, word) : title).trimEnd()}…`;
    }
    title += character;
  }
  return title;
}
