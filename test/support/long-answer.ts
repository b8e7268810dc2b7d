/** An answer of `words` numbered words (`w0 w1 …`) with the Markdown that models write: headings, lists, tables, code. */
export function longAnswer(words: number): string {
  let next = 0;
  const take = (count: number) =>
    Array.from({ length: Math.min(count, words - next) }, () => `w${next++}`).join(' ');
  const blocks = [
    () => `## About ${take(4)}`,
    () => `${take(60)}, **${take(5)}**, ${take(30)}.`,
    () => `- ${take(12)}\n- ${take(15)}\n  - *${take(9)}*\n- \`${take(3)}\` ${take(8)}`,
    () =>
      `\`\`\`ts\n${Array.from({ length: 12 }, () => `const ${take(3).replaceAll(' ', ' + ')};`).join('\n')}\n\`\`\``,
    () => `${take(110)} 👩‍👩‍👧 ${take(20)} 你好，世界。 ${take(20)}.`,
    () =>
      `| name | meaning |\n|---|---|\n${Array.from({ length: 6 }, () => `| ${take(2)} | ${take(4)} |`).join('\n')}`,
    () => `> ${take(25)}\n> ${take(20)}`,
    () => `See [${take(3)}](https://example.com/a/long/path?with=query) and ${take(40)}.`,
  ];
  const parts: string[] = [];
  while (next < words) parts.push(blocks[parts.length % blocks.length]?.() ?? '');
  return parts.join('\n\n');
}

/** The numbered words of a text, in order. */
export function wordsOf(text: string): string[] {
  return text.match(/\bw\d+\b/g) ?? [];
}
