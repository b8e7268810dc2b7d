import { type Node, Parser } from 'commonmark';
import { describe, expect, it } from 'vitest';
import { footerOf, sourcesOf } from '../../../../src/core/chat/words/answer-text.ts';
import {
  type Done,
  endOfDone,
  endOfStop,
  isInterruption,
} from '../../../../src/core/chat/words/ending-words.ts';
import { explain } from '../../../../src/core/chat/words/explain.ts';
import { UnreadableValue } from '../../../../src/core/coordination/collection.ts';
import type { StopCause } from '../../../../src/core/coordination/live-answers.ts';
import { StoreError } from '../../../../src/core/ports/store.ts';

/** The links of a list of sources as a reader of Markdown sees them, one per entry; anything else beside them shows as text. */
function entriesOf(markdown: string): string[] {
  const entries: string[] = [];
  const walker = new Parser().parse(markdown).walker();
  for (let step = walker.next(); step; step = walker.next()) {
    if (step.entering && step.node.type === 'item') entries.push(described(step.node));
  }
  return entries;
}

function described(node: Node): string {
  const inner: string[] = [];
  for (let child = node.firstChild; child; child = child.next) inner.push(described(child));
  const text = `${node.literal ?? ''}${inner.join('')}`;
  switch (node.type) {
    case 'link':
      return `<${node.destination}>${text}</>`;
    case 'text':
    case 'paragraph':
    case 'item':
      return text;
    default:
      return `{${node.type} ${text}}`;
  }
}

describe('sources', () => {
  it('are a numbered list of links after the answer, and nothing where there are none', () => {
    expect(sourcesOf([])).toBe('');
    expect(
      sourcesOf([
        { url: 'https://a.example/1', title: 'One' },
        { url: 'https://b.example/2', title: null },
      ]),
    ).toBe('\n\n**Sources**\n1. [One](https://a.example/1)\n2. [b.example](https://b.example/2)');
  });

  it.each([
    ['brackets', 'a [b](https://evil.example) c]'],
    ['a backslash at its end', 'C:\\'],
    ['code', 'Use `map` or `'],
    ['emphasis', '*Bold* and _wild_ and ~~gone~~'],
    ['an address in angle brackets', 'see <https://evil.example> now'],
    ['an entity', 'a &amp; b'],
    ['an image', '![x](https://evil.example/x.png)'],
  ])('keep a title that holds %s as it is', (_what, title) => {
    const entries = entriesOf(sourcesOf([{ url: 'https://a.example/', title }]));
    expect(entries).toEqual([`<https://a.example/>${title}</>`]);
  });

  it('are called by their host where a title shows nothing', () => {
    for (const title of ['', ' \n ', '\u200b\u00ad']) {
      expect(sourcesOf([{ url: 'https://a.example/', title }])).toMatch(/\[a\.example\]/);
    }
  });

  it('have titles on one line, cut without breaking what is in them', () => {
    expect(entriesOf(sourcesOf([{ url: 'https://a.example/', title: 'one\n2. two' }]))).toEqual([
      '<https://a.example/>one 2. two</>',
    ]);
    for (const tail of [']]]]', '👩‍👩‍👧‍👦👩‍👩‍👧‍👦', '`_`']) {
      for (let length = 110; length < 122; length++) {
        const title = 'x'.repeat(length) + tail;
        const [entry = ''] = entriesOf(sourcesOf([{ url: 'https://a.example/', title }]));
        const shown = /^<https:\/\/a\.example\/>(.*)<\/>$/.exec(entry)?.[1] ?? '';
        expect(shown.replace(/…$/, '')).toSatisfy((text: string) => title.startsWith(text));
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/\u200d…?$/);
        expect(shown.length).toBeLessThanOrEqual(130);
      }
    }
  });

  it('lead where they say, whatever the address holds', () => {
    const url = 'https://a.example/x_(y)?q=a b<c>&r=*z*`';
    const [entry = ''] = entriesOf(sourcesOf([{ url, title: 'T' }]));
    const target = /^<([^>]*)>T<\/>$/.exec(entry)?.[1] ?? '';
    expect(decodeURIComponent(target)).toBe(url);
  });
});

describe('the footer', () => {
  const facts = {
    model: { name: 'M' },
    persona: null,
    effort: null,
    because: null,
    durationMs: 1_234,
    thinkingMs: 0,
    read: null,
  };
  const bill = { tokens: 1_000, costNanoUsd: 0, exact: true, atMost: false };

  it('says model, time, tokens and price, and which of them are estimates, where anything was used', () => {
    expect(footerOf(facts, bill)).toBe('M · 1.2 s · 1,000 tokens · free');
    expect(footerOf(facts, { ...bill, tokens: 0 })).toBeNull();
    expect(footerOf({ ...facts, durationMs: 20_000, thinkingMs: 12_000 }, bill)).toBe(
      'M · 20 s · thought for 12 s · 1,000 tokens · free',
    );
    expect(footerOf({ ...facts, thinkingMs: 900 }, bill)).toBe('M · 1.2 s · 1,000 tokens · free');
    expect(footerOf({ ...facts, persona: 'Pirate' }, bill)).toBe('Pirate · M · 1.2 s · 1,000 tokens · free');
    expect(footerOf(facts, { ...bill, tokens: 1, costNanoUsd: 1_200_000, exact: false })).toBe(
      'M · 1.2 s · ≈ 1 token · ≈ $0.0012',
    );
    expect(footerOf(facts, { ...bill, costNanoUsd: 1_200_000, exact: false, atMost: true })).toBe(
      'M · 1.2 s · ≈ 1,000 tokens · at most $0.0012',
    );
  });
});

describe('the note of an answer', () => {
  const done: Done = {
    type: 'done',
    finish: 'stop',
    usage: null,
    model: null,
    generationId: null,
    tools: [],
    skippedLines: 0,
    skippedImages: 0,
  };
  const caps = { maxOutputTokens: 1_000, affordableTokens: null };
  const noted = (end: Partial<Done>, text: string, isReasoned = false) =>
    endOfDone({ ...done, ...end }, { text, images: [], isReasoned }, caps);

  it.each([
    [{}, /^The model sent an empty answer\./],
    [{ skippedLines: 1 }, /^The answer could not be read\./],
    [{ skippedImages: 1 }, /^An image of this answer cannot be shown/],
    [{ skippedImages: 2 }, /^2 images of this answer cannot be shown/],
    [{ finish: 'tool_calls' }, /^The model called a tool, which it does not have here/],
    [{ tools: ['add'] }, /^The model called the tool `add`, which it does not have here/],
    [{ tools: ['add', 'sum'] }, /^The model called the tools `add`, `sum`, which it does not have here/],
    [{ finish: 'length' }, /^The model used all 1,000 tokens but wrote nothing/],
    [{ finish: 'content_filter' }, /^The provider's content filter stopped the answer\./],
  ] as const)('says why nothing came: %j', (end, note) => {
    expect(noted(end, ' ')).toEqual({ status: 'failed', note: expect.stringMatching(note) });
  });

  it('says that all tokens went into thinking if any was seen or counted', () => {
    const usage = { promptTokens: 1, completionTokens: 1_000, reasoningTokens: 990 } as Done['usage'];
    for (const { note } of [noted({ finish: 'length' }, '', true), noted({ finish: 'length', usage }, '')])
      expect(note).toMatch(/^The model used all 1,000 tokens for thinking and wrote no answer\./);
  });

  it.each([
    [{}, null],
    [{ skippedLines: 1 }, 'Part of this answer could not be read and is missing.'],
    [
      { skippedImages: 1 },
      'An image of this answer cannot be shown: it is too large, one too many, or of an unknown type.',
    ],
    [{ tools: ['add', 'sum'] }, 'The model also called the tools `add`, `sum`, which it does not have here.'],
  ] as const)('says what is missing from it: %j', (end, note) => {
    expect(noted(end, 'Yes.')).toEqual({ status: 'complete', note });
  });
});

describe('how an answer ended', () => {
  const done: Done = {
    ...{ type: 'done', usage: null, model: null, generationId: null, tools: [] },
    ...{ finish: 'stop', skippedLines: 0, skippedImages: 0 },
  };
  const content = { text: 'Yes.', images: [], isReasoned: false };

  it.each([
    ['stop', null, { status: 'complete', note: null }],
    [
      'length',
      null,
      {
        status: 'complete',
        note: 'Stopped at the length limit (1,000 tokens). Press Go on for the rest.',
        isCut: true,
      },
    ],
    [
      'length',
      2_000,
      {
        status: 'complete',
        note: 'Stopped at 2,000 tokens: the provider account has no credit for more.',
      },
    ],
    [
      'content_filter',
      null,
      {
        status: 'failed',
        note: "The provider's content filter ended the answer here. Try rephrasing your question.",
      },
    ],
  ] as const)('is said under it: %s, with credit for %s tokens', (finish, affordableTokens, end) => {
    const caps = { maxOutputTokens: 1_000, affordableTokens };
    expect(endOfDone({ ...done, finish }, content, caps)).toEqual(end);
    // Pictures are an answer too.
    const images = [{ name: 'image-1.png' }];
    expect(endOfDone({ ...done, finish }, { ...content, text: '', images }, caps)).toEqual(end);
  });

  it('names each thing that is amiss, after how it ended', () => {
    const caps = { maxOutputTokens: 1_000, affordableTokens: null };
    const amiss = { finish: 'length', skippedLines: 2, skippedImages: 2, tools: ['add'] } as const;
    expect(endOfDone({ ...done, ...amiss }, content, caps).note).toBe(
      'Stopped at the length limit (1,000 tokens). Press Go on for the rest. ' +
        'Part of this answer could not be read and is missing. ' +
        '2 images of this answer cannot be shown: they are too large, too many, or of an unknown type. ' +
        'The model also called the tool `add`, which it does not have here.',
    );
  });

  it.each<[StopCause, 'stopped' | 'interrupted', string]>([
    [{ kind: 'person', user: 'mia', name: 'Mia' }, 'stopped', 'Stopped by Mia.'],
    [{ kind: 'person', user: 'mia', name: '  ' }, 'stopped', 'Stopped by somebody.'],
    [{ kind: 'question_deleted' }, 'stopped', 'Stopped: the question was deleted.'],
    [{ kind: 'question_edited' }, 'stopped', 'Stopped: the question was edited.'],
    [{ kind: 'forgotten' }, 'stopped', 'Stopped: the conversation was deleted.'],
    [{ kind: 'place_gone' }, 'stopped', 'Stopped: I can no longer write here. Press Retry to ask again.'],
    [
      { kind: 'place_closes' },
      'stopped',
      'Stopped: a private answer can only be updated for a limited time. Ask for the rest in a new question.',
    ],
    [{ kind: 'shutdown' }, 'interrupted', 'Interrupted: the bot was stopped. Press Retry to ask again.'],
    [{ kind: 'taken_over' }, 'interrupted', 'Interrupted: the bot was restarted. Press Retry to ask again.'],
  ])('if it was stopped is said under it: %j', (cause, status, note) => {
    expect(endOfStop(cause)).toEqual({ status, note });
    expect(isInterruption(cause)).toBe(status === 'interrupted');
  });
});

describe('a failure', () => {
  it.each([
    [new StoreError('away'), /cannot reach its database/, /^Try again in a minute;/],
    [new UnreadableValue('chats', 'c', 'x'), /cannot be read/, /^Nothing was deleted\./],
    [new TypeError('x is not a function'), /inside the bot/, /^Try again; .* the log has the details\.$/],
  ])('is told with what to do next: %s', (error, what, next) => {
    const told = explain(error);
    expect(told.what).toMatch(what);
    expect(told.next).toMatch(next);
  });
});
