import { rulesExtended, SimpleMarkdown } from 'discord-markdown-parser';
import { marked, type Token, type Tokens } from 'marked';

/** A message as a client shows it. */
export interface Shown {
  /** Prose, as it is read: neither code nor addresses. A character that was escaped on purpose is a private one. */
  readonly prose: string;
  /** All that can be read, with code and addresses. */
  readonly all: string;
}

interface Node {
  readonly type: string;
  readonly content?: string | readonly Node[];
  readonly target?: string;
  readonly lang?: string;
}

const ESCAPED = '\ue000';
const parseDiscord: (source: string, state: object) => Node[] = SimpleMarkdown.parserFor({
  ...rulesExtended,
  escape: {
    ...(rulesExtended['escape'] as (typeof rulesExtended)[string]),
    parse: ([, char]: string[]) => ({ type: 'escaped', content: char }),
  },
});

/** By the rules of Discord's clients, as discord-markdown-parser has them. */
export function shownOnDiscord(content: string): Shown {
  let prose = '';
  let all = '';
  const walk = (nodes: readonly Node[]): void => {
    for (const { type, content = '', target = '', lang = '' } of nodes) {
      if (type === 'br') {
        prose += '\n';
        all += '\n';
      } else if (type === 'escaped') {
        prose += ESCAPED;
        all += content as string;
      } else if (type === 'url' || type === 'autolink') {
        prose += ESCAPED;
        all += target;
      } else if (typeof content !== 'string') {
        walk(content);
        all += type === 'link' ? ` ${target} ` : '';
      } else if (type === 'codeBlock' || type === 'inlineCode') {
        prose += ESCAPED;
        all += `${lang} ${content}`;
      } else {
        prose += content;
        all += content;
      }
    }
  };
  walk(parseDiscord(content, { inline: true }));
  return { prose, all };
}

/** By the rules of a renderer of CommonMark with GFM's tables, which is what Slack's Markdown blocks are documented as. */
export function shownOnSlack(content: string): Shown {
  let prose = '';
  let all = '';
  const say = (text: string, isProse: boolean): void => {
    prose += isProse ? text : ESCAPED;
    all += text;
  };
  const walk = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      if (token.type === 'list') {
        for (const item of (token as Tokens.List).items) walk(item.tokens);
      } else if (token.type === 'table') {
        const { header, rows } = token as Tokens.Table;
        for (const cell of [...header, ...rows.flat()]) walk([...cell.tokens, { type: 'br', raw: '' }]);
      } else if (token.type === 'code' || token.type === 'codespan') {
        say(`${(token as Tokens.Code).lang ?? ''} ${(token as Tokens.Code).text}`, false);
      } else if (token.type === 'escape') {
        say((token as Tokens.Escape).text, false);
      } else if (token.type === 'br' || token.type === 'space' || token.type === 'checkbox') {
        say('\n', true);
      } else if (token.type === 'def') {
        say((token as Tokens.Def).raw, false);
      } else if (token.type === 'link' || token.type === 'image') {
        const { href, raw } = token as Tokens.Link;
        if (raw.startsWith('http') || raw.startsWith('<')) say(href, false);
        else {
          if (token.type === 'image') say((token as Tokens.Image).text, true);
          else walk((token as Tokens.Link).tokens);
          say(` ${href} ${(token as Tokens.Link).title ?? ''}`, false);
        }
      } else if ('tokens' in token && token.tokens !== undefined) {
        walk(token.tokens);
        if (/^(?:paragraph|heading|blockquote|text)$/.test(token.type)) say('\n', true);
      } else if (token.type !== 'hr') say('text' in token ? String(token.text) : token.raw, true);
    }
  };
  walk(marked.lexer(content));
  return { prose: decode(prose), all: decode(all) };
}

function decode(text: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', times: '×' };
  return text.replace(/&(amp|lt|gt|nbsp|times);/g, (entity, name: string) => entities[name] ?? entity);
}

/** Marks of Markdown that a reader sees as such, each with the word that it stands in. */
export function strayMarks(prose: string): string[] {
  const words = prose
    .split(/\s+/)
    .filter((word) => /\*\*|__|~~|\|\||`|!\[|\]\(|<br|&\w+;/.test(word) || hasLoneMark(word));
  const blocks =
    prose.match(/^ *(?:#{1,6} .*|>+(?!\d| \d).*|[-*_]{3,}|=+|\|.*\||[-*] \[[ x]\].*|\d+\) .*|\+ .*)$/gm) ??
    [];
  return [...words, ...blocks.filter((line) => !/^ *>>> /.test(line) || line.includes('>>>'))];
}

/** A star or underscore at one side of a word. */
function hasLoneMark(word: string): boolean {
  return (
    /(?<![\p{L}\p{N}_*])[*_](?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}\p{P}])[*_](?![\p{L}\p{N}_*])/u.test(word) &&
    word.length > 1
  );
}

/** The words of a text: what must not be lost. */
export function wordsOf(text: string): string[] {
  return text.normalize().match(/[\p{L}\p{N}]+/gu) ?? [];
}
