import { marked, type Token, type Tokens } from 'marked';
import { isLink } from './inbound-text.ts';
import { escapeText, keepingDates, neutralise } from './neutralise.ts';

/**
 * Markdown in Slack's own markup: for the home tab, which has no Markdown block, and for dates, which Markdown blocks do not
 * show.
 */
export function toMrkdwn(markdown: string): string {
  return keepingDates(markdown, (text) => blocks(marked.lexer(neutralise(text))).trim());
}

function blocks(tokens: readonly Token[], indent = ''): string {
  return tokens.map((token) => block(token, indent)).join('');
}

function block(token: Token, indent: string): string {
  switch (token.type) {
    case 'heading':
      return `*${inline((token as Tokens.Heading).tokens)}*\n\n`;
    case 'paragraph':
      return `${indent}${inline((token as Tokens.Paragraph).tokens)}\n\n`;
    case 'text':
      return `${inline((token as Tokens.Text).tokens ?? [token])}\n`;
    case 'code':
      return `\`\`\`\n${escapeText((token as Tokens.Code).text)}\n\`\`\`\n\n`;
    case 'blockquote':
      return `${blocks((token as Tokens.Blockquote).tokens)
        .trim()
        .replace(/^/gm, '> ')}\n\n`;
    case 'list':
      return `${list(token as Tokens.List, indent)}${indent === '' ? '\n' : ''}`;
    case 'hr':
    case 'space':
    case 'def':
      return '';
    default:
      return `${escapeText(token.raw)}\n`;
  }
}

function list({ items, ordered, start }: Tokens.List, indent: string): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${Number(start || 1) + index}.` : '•';
      const [first, ...rest] = item.tokens;
      const head = first === undefined ? '' : block(first, '').trim();
      // A line with a mark of its own needs no second one.
      const lead = /^[•✗🔒]/u.test(head) ? '' : `${mark} `;
      return `${indent}${lead}${head}\n${blocks(rest, `${indent}    `)}`;
    })
    .join('');
}

function inline(tokens: readonly Token[]): string {
  return tokens.map(span).join('');
}

function span(token: Token): string {
  switch (token.type) {
    case 'strong':
      return `*${inline((token as Tokens.Strong).tokens)}*`;
    case 'em':
      return `_${inline((token as Tokens.Em).tokens)}_`;
    case 'del':
      return `~${inline((token as Tokens.Del).tokens)}~`;
    case 'codespan':
      return `\`${escapeText((token as Tokens.Codespan).text)}\``;
    case 'br':
      return '\n';
    case 'escape':
      return escapeText((token as Tokens.Escape).text);
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      // Everything else in angle brackets is a mention.
      if (!isLink(href)) return inline(tokens);
      return `<${escapeText(href).replaceAll('|', '%7C')}|${inline(tokens)}>`;
    }
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens === undefined ? escapeText(text) : inline(tokens);
    }
    default:
      return escapeText(token.raw);
  }
}
