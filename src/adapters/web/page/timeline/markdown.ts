import DOMPurify from 'dompurify';
import { noChange } from 'lit-html';
import { Directive, directive, type ElementPart, type PartInfo, PartType } from 'lit-html/directive.js';
import { Marked, type Token, type Tokens, type TokensList } from 'marked';
import { MENTION } from '../model/slash.ts';
import highlighter from './highlighter.js';

/**
 * Shows Markdown in the element it is placed on: `<div ${markdown(text)}></div>`. Works block by block: unchanged blocks of a
 * growing text keep their nodes, and with them the reader's selection and scroll position.
 */
export const markdown = directive(
  class extends Directive {
    #blocks: Block[] = [];

    constructor(part: PartInfo) {
      super(part);
      if (part.type !== PartType.ELEMENT) throw new Error('markdown() must be placed on an element');
    }

    override render(_text: string): typeof noChange {
      return noChange;
    }

    override update(part: ElementPart, [text]: [string]): typeof noChange {
      this.#blocks = grow(part.element, this.#blocks, blocksOf(text));
      return noChange;
    }
  },
);

/** A block of the text, and its nodes once they exist. */
interface Block {
  readonly token: Token;
  /** Determines the block's appearance completely. */
  readonly source: string;
  nodes: readonly ChildNode[];
}

function blocksOf(text: string): Block[] {
  const tokens = tokensOf(text);
  // A link may be defined after its use.
  const definitions = JSON.stringify(tokens.links);
  return tokens
    .filter(({ type }) => type !== 'space')
    .map((token) => {
      const source = token.raw.includes('[') ? token.raw + definitions : token.raw;
      return { token, source, nodes: [] };
    });
}

/** Text nested too deep for the stack is shown as written. */
function tokensOf(text: string): TokensList {
  try {
    return marked.lexer(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Object.assign([{ type: 'html', raw: text, text, block: true }], { links: {} });
  }
}

/** Changes the element from the old blocks to the new ones, touching only differences. */
function grow(element: Element, old: readonly Block[], blocks: Block[]): Block[] {
  let same = 0;
  while (old[same] !== undefined && old[same]?.source === blocks[same]?.source) same += 1;
  for (const [index, block] of blocks.entries()) {
    const before = old[index];
    if (before !== undefined && index < same) block.nodes = before.nodes;
    else if (before !== undefined && index === same && growCode(before, block)) block.nodes = before.nodes;
  }
  const kept = new Set(blocks.flatMap(({ nodes }) => nodes));
  for (const node of old.flatMap(({ nodes }) => nodes)) if (!kept.has(node)) node.remove();
  for (const block of blocks) {
    if (block.nodes.length > 0) continue;
    const fragment = safe(marked.parser([block.token]));
    addCopyButtons(fragment);
    block.nodes = [...fragment.childNodes];
    element.append(fragment);
  }
  return blocks;
}

/** A code block that only grew keeps its frame, and so its scroll position and button. */
function growCode(old: Block, block: Block): boolean {
  if (!isCode(old.token) || !isCode(block.token) || old.token.lang !== block.token.lang) return false;
  const [node] = old.nodes;
  const shown = node instanceof Element ? node.querySelector('code') : null;
  const fresh = safe(marked.parser([block.token])).querySelector('code');
  if (shown === null || fresh === null) return false;
  shown.replaceChildren(...fresh.childNodes);
  return true;
}

function isCode(token: Token): token is Tokens.Code {
  return token.type === 'code';
}

const TAGS =
  'a blockquote br code del div em figcaption figure h3 hr input li ol p pre span strong table tbody td th thead tr ul';
const PLAIN_ATTRIBUTES = 'title class start type checked disabled align target rel tabindex'.split(' ');

function safe(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', ...PLAIN_ATTRIBUTES],
    // All other attributes must match the pattern of addresses.
    ADD_URI_SAFE_ATTR: PLAIN_ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  });
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: [
    {
      name: 'mention',
      level: 'inline',
      start: (source) => source.search(MENTION),
      tokenizer(source) {
        const raw = source.search(MENTION) === 0 ? source.match(MENTION)?.[0] : undefined;
        return raw === undefined ? undefined : { type: 'mention', raw };
      },
      renderer: ({ raw }) => `<span class="mention">${escaped(raw)}</span>`,
    },
  ],
  renderer: {
    // No tags or pictures from a model: they are shown as text or as a link.
    html: ({ text, block }) =>
      block === true ? `<p class="raw">${escaped(text.trim())}</p>` : escaped(text),
    image: ({ href, text, title }) => link(href, title, `Image: ${escaped(text === '' ? href : text)}`),
    link({ href, title, tokens }) {
      return link(href, title, this.parser.parseInline(tokens));
    },
    // All of one level in the page's outline, because a model may begin with any; the class sets the size.
    heading({ depth, tokens }) {
      return `<h3 class="h${depth}">${this.parser.parseInline(tokens)}</h3>`;
    },
    code: ({ text, lang }) => {
      const language = /^[\w+#.-]+/.exec(lang ?? '')?.[0] ?? '';
      const shown = language === '' ? '' : `<figcaption>${escaped(language)}</figcaption>`;
      return `<figure class="code">${shown}<pre tabindex="0"><code>${highlighted(text, language)}</code></pre></figure>`;
    },
    table(token) {
      const row = (cells: readonly Tokens.TableCell[], tag: 'td' | 'th') =>
        `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` align="${cell.align}"` : ''}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
      const body = token.rows.map((cells) => row(cells, 'td')).join('');
      return `<div class="table" tabindex="0"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>`;
    },
  },
});

function link(href: string, title: string | null | undefined, html: string): string {
  const titled = title ? ` title="${escaped(title)}"` : '';
  return `<a href="${escaped(href)}"${titled} target="_blank" rel="noopener noreferrer nofollow">${html}</a>`;
}

/** Above this number of characters, highlighting costs too much while the text grows. */
const MAX_HIGHLIGHTED_CHARS = 20_000;

function highlighted(code: string, language: string): string {
  if (code.length > MAX_HIGHLIGHTED_CHARS || highlighter.getLanguage(language) === undefined)
    return escaped(code);
  return highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function addCopyButtons(fragment: DocumentFragment): void {
  for (const figure of fragment.querySelectorAll('figure.code')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', () => void copyCode(figure, button));
    figure.append(button);
  }
}

async function copyCode(figure: Element, button: HTMLButtonElement): Promise<void> {
  const text = figure.querySelector('code')?.textContent ?? '';
  button.textContent = await navigator.clipboard.writeText(text).then(
    () => 'Copied',
    () => 'The browser did not allow copying',
  );
  window.setTimeout(() => {
    button.textContent = 'Copy';
  }, 1_500);
}
