/**
 * A text on one line of at most `maxChars` UTF-16 units, cut at a word where there is one in its second half, and never
 * inside a grapheme. Empty where there is nothing to see.
 */
export function oneLine(text: string, maxChars: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (!/[^\p{C}\p{Z}\p{M}]/u.test(line)) return '';
  if (line.length <= maxChars) return line;
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter().segment(line.slice(0, 2 * maxChars))) {
    if (index + segment.length > maxChars - 1) break;
    end = index + segment.length;
  }
  const cut = line.slice(0, end);
  const word = line[end] === ' ' ? end : cut.lastIndexOf(' ');
  return `${(word > maxChars / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}
