import { EventSourceParserStream } from 'eventsource-parser/stream';

/** The place where a bare bot shows an answer: a function that posts a message and resolves to one that edits it. */
export type Post = (text: string) => Promise<(text: string) => Promise<unknown>>;

const EDIT_EVERY_MS = 1_000;

/** A bot under load runs into its library's timeouts; the answer stays as it is. */
process.on('unhandledRejection', (error) => console.error(error));

/**
 * Answers as a few lines on the platforms' own libraries do: a post with the first word, an edit each second, and
 * a new message once one is full.
 */
export async function answer(question: string, maxChars: number, post: Post): Promise<void> {
  const messages: { text: string; edit: (text: string) => Promise<unknown> }[] = [];
  let text = '';

  async function show(): Promise<void> {
    for (let index = 0; index * maxChars < text.length; index++) {
      const part = text.slice(index * maxChars, (index + 1) * maxChars);
      const message = messages[index];
      if (message === undefined) messages.push({ text: part, edit: await post(part) });
      else if (message.text !== part) {
        message.text = part;
        await message.edit(part);
      }
    }
  }

  let showing = Promise.resolve();
  let shownAtMs = 0;
  let isIdle = true;
  for await (const delta of streamOf(question)) {
    text += delta;
    if (!isIdle || Date.now() - shownAtMs < EDIT_EVERY_MS) continue;
    shownAtMs = Date.now();
    isIdle = false;
    showing = show().then(() => {
      isIdle = true;
    });
  }
  await showing;
  await show();
}

interface Chunk {
  readonly choices: readonly { readonly delta?: { readonly content?: string } }[];
}

async function* streamOf(question: string): AsyncGenerator<string> {
  const { OPENROUTER_BASE_URL: url, OPENROUTER_API_KEY: key } = process.env;
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openai/gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: question }],
    }),
  });
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events ?? []) {
    if (data === '[DONE]') return;
    const content = (JSON.parse(data) as Chunk).choices[0]?.delta?.content;
    if (content) yield content;
  }
}
