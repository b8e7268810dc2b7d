import { expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/core/kit/json.ts';
import type { ChatEvent } from '../../../../src/core/ports/provider.ts';
import { AnswerReader } from '../../../../src/core/provider/answer/answer.ts';
import { Chunks } from '../../../../src/core/provider/answer/chunks.ts';

const said = (delta: object, beside: object = {}) =>
  JSON.stringify({ id: 'gen-1', choices: [{ index: 0, delta, finish_reason: null }], ...beside });

interface Read {
  /** The chunks that were passed on. */
  readonly chunks: readonly JsonObject[];
  readonly text: string;
  readonly reasoning: string;
  readonly others: readonly ChatEvent[];
}

/** Reads data that comes in these reads. */
function read(
  reads: readonly (readonly string[])[],
  eventOf: (data: string) => string | undefined = () => undefined,
): Read {
  const answer = new AnswerReader(null, { maxOutputTokens: 1_000 });
  const events: ChatEvent[] = [];
  const passed: JsonObject[] = [];
  const chunks = new Chunks({
    onChunk(chunk) {
      passed.push(chunk);
      answer.read(chunk);
      events.push(...answer.take());
    },
    onDone() {},
    onBroken(chars) {
      passed.push({ broken: chars });
    },
  });
  for (const all of reads) {
    for (const data of all) chunks.take(data, eventOf(data));
    chunks.flush();
  }
  answer.finishUp(0);
  events.push(...answer.take());
  const deltas = (type: string) =>
    events.map((event) => (event.type === type && 'delta' in event ? event.delta : '')).join('');
  return {
    chunks: passed,
    text: deltas('text'),
    reasoning: deltas('reasoning'),
    others: events.filter((event) => !('delta' in event)),
  };
}

const together = (data: readonly string[]) => read([data]);
const oneByOne = (data: readonly string[]) => read(data.map((one) => [one]));

test('words that arrive together are one chunk, after the one that shows what is the same in all', () => {
  const { chunks, text } = together(
    ['Once', ' upon', '', ' a 时 time 🙂'].map((content) => said({ content })),
  );
  expect(chunks).toHaveLength(2);
  expect(text).toBe('Once upon a 时 time 🙂');
});

test('what says nothing in the delta does not keep words apart', () => {
  const silent = { role: 'assistant', refusal: null, reasoning: '', reasoning_details: [] };
  const { chunks } = together(['a', 'b', 'c'].map((content) => said({ ...silent, content })));
  expect(chunks).toHaveLength(2);
});

test('a line in which the content is missing between the same beginning and end is broken', () => {
  const whole = said({ content: 'a' });
  const { chunks, text } = together([whole, whole.replace('"a"', '"'), whole]);
  expect(chunks).toEqual([expect.anything(), { broken: whole.length - 2 }, expect.anything()]);
  expect(text).toBe('aa');
});

test('what is learnt holds for the next read', () => {
  const words = (...all: string[]) => all.map((content) => said({ content }));
  const { chunks, text } = read([words('a'), words('b', 'c', 'd'), words('e')]);
  expect(chunks).toHaveLength(3);
  expect(text).toBe('abcde');
});

test('a word with an escape is read by itself, and its neighbours stay joined', () => {
  const { chunks, text } = together(
    ['a', 'b', 'c', '\n"d"\\', 'e', 'f', '\u{1}', 'g'].map((content) => said({ content })),
  );
  expect(chunks).toHaveLength(6);
  expect(text).toBe('abc\n"d"\\ef\u{1}g');
});

test.each<[string, readonly string[]]>([
  [
    'the finish reason',
    [said({ content: 'a' }), said({ content: 'b' }).replace('null', '"length"'), said({ content: 'c' })],
  ],
  ['reasoning beside the text', ['x', 'y', 'z'].map((content) => said({ content, reasoning: 'hm' }))],
  [
    'reasoning before the text',
    [...['x', 'y'].map((reasoning) => said({ content: '', reasoning })), said({ content: 'z' })],
  ],
  [
    'tools',
    ['x', 'y'].map((content) =>
      said({ content, tool_calls: [{ function: { name: 'f', arguments: content } }] }),
    ),
  ],
  ['a refusal', ['x', 'y'].map((content) => said({ content, refusal: 'no. ' }))],
  [
    'images',
    ['x', 'y'].map((content) =>
      said({ content, images: [{ image_url: { url: 'https://a.example/b.png' } }] }),
    ),
  ],
  [
    'usage with each',
    ['x', 'y', 'z'].map((content) =>
      said({ content }, { usage: { prompt_tokens: 1, completion_tokens: 2 } }),
    ),
  ],
  [
    'usage that grows',
    [1, 2, 3].map((n) => said({ content: 'x' }, { usage: { prompt_tokens: 1, completion_tokens: n } })),
  ],
  [
    'pages with each',
    ['x', 'y', 'z'].map((content) => said({ content }, { citations: ['https://a.example/'] })),
  ],
  ['another content', ['x', 'y'].map((content) => said({ content }, { error_free: { content } }))],
  [
    'the same key twice',
    ['x', 'y', 'z'].map((content) => said({ content }).replace('"content"', '"content":"w","content"')),
  ],
  [
    'the same key twice, of which the last counts',
    ['x', 'y', 'z'].map((content) => said({ content }).replace('}', ',"content":"x"}')),
  ],
  [
    'the same key twice, once with an escape',
    ['x', 'y', 'z'].map((content) => said({ content }).replace('}', ',"cont\\u0065nt":"x"}')),
  ],
  [
    'content that closes its string',
    [said({ content: 'a' }), said({ content: 'b' }), said({ content: 'c' }).replace('"c"', '"c","role":"x"')],
  ],
  [
    'lines that are broken',
    [said({ content: 'a' }), '{"broken"', said({ content: 'b' }), said({ content: 'c' })],
  ],
  ['spaces', ['a', 'b', 'c'].map((content) => said({ content }).replaceAll(':', ' : '))],
  ['lists', [`[${said({ content: 'a' })},${said({ content: 'b' })}]`, said({ content: 'c' })]],
  ['halves of a pair', ['\\ud83d', '\\ude42', 'a'].map((half) => said({ content: 'X' }).replace('X', half))],
  ['more than the cap', Array.from({ length: 40 }, () => said({ content: 'w'.repeat(999) }))],
  [
    'something random in each',
    Array.from({ length: 30 }, (_, index) => said({ content: `${index} ` }, { padding: 'p'.repeat(index) })),
  ],
  ['thinking in the text', ['<think>', 'hm', '</think>', 'yes'].map((content) => said({ content }))],
])('joined or not, the answer is the same: %s', (_, data) => {
  const { chunks: _joined, ...joined } = together(data);
  const { chunks: _single, ...single } = oneByOne(data);
  expect(joined.text).toBe(single.text);
  expect(joined.reasoning).toBe(single.reasoning);
  expect(new Set(joined.others.map((event) => JSON.stringify(event)))).toEqual(
    new Set(single.others.map((event) => JSON.stringify(event))),
  );
});

test('words of events of another type are not joined', () => {
  const data = ['a', 'b', 'c'].map((content) => said({ content }));
  const { chunks } = read([data], (one) => (one.includes('"b"') ? 'error' : undefined));
  expect(chunks).toHaveLength(3);
});

test('an answer whose chunks all differ is not tried for ever, and one that settles is', () => {
  const random = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => said({ content: 'x' }, { padding: `p${from + index}` }));
  const same = Array.from({ length: 10 }, () => said({ content: 'x' }));
  expect(together([...random(0, 5), ...same, ...random(5, 5), ...same]).chunks).toHaveLength(14);
  expect(together([...random(0, 20), ...same]).chunks).toHaveLength(30);
});

test('usage that comes with each chunk is read where it stands: an empty chunk at the end tells that the answer is whole', () => {
  const counted = (content: string) =>
    said({ content }, { usage: { prompt_tokens: 1, completion_tokens: 2 } });
  const answer = new AnswerReader(null);
  const chunks = new Chunks({ onChunk: (chunk) => answer.read(chunk), onDone() {}, onBroken() {} });
  for (const content of ['a', 'b', '']) chunks.take(counted(content));
  chunks.flush();
  expect(answer.isCounted).toBe(true);
});

test('chunks with much beside their content are not kept to be compared', () => {
  const large = ['a', 'b', 'c'].map((content) => said({ content }, { padding: 'p'.repeat(5_000) }));
  expect(together(large).chunks).toHaveLength(3);
});

test('words are joined after long reasoning, too', () => {
  const thoughts = Array.from({ length: 20 }, () => said({ content: '', reasoning: 'hm ' }));
  const words = Array.from({ length: 10 }, () => said({ content: 'x' }));
  const { chunks, text, reasoning } = together([...thoughts, ...words]);
  expect(chunks).toHaveLength(22);
  expect(text).toBe('x'.repeat(10));
  expect(reasoning).toBe('hm '.repeat(20));
});

test('what was taken before `[DONE]` comes before it, and nothing after', () => {
  const order: string[] = [];
  const chunks = new Chunks({
    onChunk: (chunk) => order.push(JSON.stringify(chunk)),
    onDone: () => order.push('done'),
    onBroken() {},
  });
  for (const data of ['a', 'b', 'c'].map((content) => said({ content }))) chunks.take(data);
  chunks.take('[DONE]');
  chunks.take(said({ content: 'd' }));
  chunks.flush();
  expect(order).toEqual([said({ content: 'a' }), said({ content: 'bc' }), 'done']);
});
