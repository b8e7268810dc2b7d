import type { AnswerMessage } from '../../src/adapters/web/wire.ts';
import { openReader } from '../adapters/web/playground.ts';

/** The playground's page of a program: its hands and its eyes. */
export async function openPage(url: string, as = 'member') {
  const page = await openReader(new URL(`/playground/api/events?as=${as}`, url));

  async function post(path: string, body: object): Promise<void> {
    const response = await fetch(new URL(`/playground/api/${path}`, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as, ...body }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  const answersTo = (question: string): AnswerMessage[] =>
    page.answers.filter(({ thread }) => thread === question);

  return {
    page,
    post,
    answersTo,
    /** Mentions the bot; the answer stands in the thread of the question. */
    ask: (id: string) => post('message', { id, text: `@parley ${id}?`, channel: 'general', thread: null }),
    textOf: (question: string) =>
      answersTo(question)
        .map(({ text }) => text)
        .join('\n'),
    lastOf: (question: string) => answersTo(question).at(-1),
  };
}
