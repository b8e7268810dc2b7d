/** The demo's answers. Their readers are trying the bot for the first time. */

const KEYS_PAGE = 'https://openrouter.ai/settings/keys';

const CONNECT = `To get real answers, put \`OPENROUTER_API_KEY=…\` into a file named \`.env\` in Parley's folder and start it again. [OpenRouter gives out keys here](${KEYS_PAGE}).`;

const KEYWORDS = 'Say **code**, **Markdown**, **table**, **long**, **slow**, **search** or **error**';

export interface Memory {
  /** The number of questions in this conversation, this one included. */
  readonly questions: number;
  /** The previous question, ready to be quoted; null if this is the first. */
  readonly previous: string | null;
  /** Names of files and pictures that came with this one, ready to be quoted. */
  readonly brought: readonly string[];
}

export function welcome(modelName: string): string {
  return `Hello! This is **Parley**: it brings language models into your Discord server or Slack workspace, and into this playground.

I am a **scripted demo**, not a language model. As long as no key is set I stand in for every model, ${modelName} included, so that you can look around:

- \`/ask\` puts a question to a model, and \`/models\` lists the models that you can use
- \`/stop\` ends an answer while it is being written
- in a thread or a direct message, \`/model\` picks the model that answers there, and \`/forget\` makes me forget what was said
- \`/help\` explains the rest

${KEYWORDS}, and watch how each arrives.

${CONNECT}
`;
}

export function fallback(question: string, modelName: string, memory: Memory): string {
  const remembered =
    memory.previous === null
      ? ''
      : `But I do remember: this is the ${ordinal(memory.questions)} question here, and the one before it was “${memory.previous}”. A real model is sent the whole conversation too.\n\n`;
  const files = memory.brought.map((name) => `**${name}**`).join(', ');
  const sent =
    files === ''
      ? ''
      : `I was sent ${files} with it, as a model would be. I do not look inside; a model does.\n\n`;
  const asked = question === '' ? 'You asked nothing in words' : `You asked “${question}”`;
  return `${asked}. That is one for ${modelName}, and I am only the **demo**: a script, not a language model, so I would be making the answer up.

${sent}${remembered}${KEYWORDS}, and I will show you what answers look like here.

${CONNECT}
`;
}

export const code = `Here is some code. This is the demo, so I had it ready; the highlighting and the copy button are real.

\`\`\`ts
/** Waits for what comes first: the work, or the end of our patience. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(\`no answer within \${timeoutMs} ms\`)), timeoutMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer); // or the process would wait for it
  }
}
\`\`\`

And how it is called:

\`\`\`ts
const page = await withTimeout(fetch('https://example.org'), 2_000);
console.log(page.status);
\`\`\`

A block stays one block while it streams: Parley closes the fence in every update and opens it again for the next, so you never see half-open formatting.
`;

export const table = `A table, as a model would write it. The figures are the demo's own rough guide, not a measurement.

| Kind of model | Good at | Price | Try it for |
| --- | --- | ---: | --- |
| Small | quick answers, summaries | lowest | “What does this error mean?” |
| Middle | everyday work, most code | low | “Review this function.” |
| Large | hard problems, long texts | high | “Plan this migration.” |

Where a platform has no tables, Parley lays the rows out so that they still line up. \`/models\` shows what each of your models costs.
`;

export const markdown = `## Markdown, as a model would write it

This is the demo, so it is a script that uses a bit of **everything**:

1. Lists, with numbers
   - and with levels
   - *emphasis*, ~~corrections~~ and \`inline code\`
2. Links, such as [Markdown in ten minutes](https://commonmark.org/help/)

> Quotations stand apart from what the model says itself.

| Mark | Means |
| --- | --- |
| \`**bold**\` | **bold** |
| \`*italic*\` | *italic* |

\`\`\`json
{ "and": "code, with its colours" }
\`\`\`

Each platform has a dialect of its own, and Parley translates: what a platform cannot show is written so that it still reads well. Mentions in an answer never ring anybody, not even @everyone.
`;

export const slow = `That pause was on purpose. Models that think before they speak can take half a minute until their first word, and a busy provider can take longer still.

While you waited, the bot showed that it was at work in the way of the platform: no placeholder message, nothing to delete afterwards. And now I am writing slowly enough for you to try **Stop**: what has arrived by then stays, marked as stopped.
`;

export const search = `I was allowed to search the web, so this is what an answer with sources looks like. The demo did not really search: it is a script, and works without a network.

With a real model, Parley passes OpenRouter's search tool along and caps how often it may be used, because each search costs a little extra. The model decides whether to look something up at all.

Whatever it used is listed below the answer, numbered, so that you can check it.
`;

export const searchSources = [
  {
    url: 'https://openrouter.ai/docs/guides/features/server-tools/web-search',
    title: 'OpenRouter: the web search tool',
  },
  { url: 'https://openrouter.ai/models', title: 'OpenRouter: all models and their prices' },
] as const;

export const searchHint = `To see an answer with sources, let the model search: ask again with the **web** option, as in \`/ask --web search\`.

Searching costs a little extra with a real model, so it happens only when you ask for it. In this demo it is free, and pretended.
`;

/** Breaks off after its last word. */
export const failing = `This answer is going to fail, on purpose: the demo provider will report an error in the middle of the next sentence, as real ones do now and then. What you are reading right now stays where it is, the reason is given below it, and **Retry** asks again. So keep an eye on the end of this`;

export const long = `# The life of an answer

You asked for something long. Here is the demo's longest script: how an answer finds its way to you. It is longer than a Discord message may be, so there you will see it continue in a second message and a third.

## 1. You ask

You write \`/ask\`, mention the bot, or simply write in one of its threads. Whichever it is, the bot first finds out three things: **where** you are, **who** you are, and **what** you would like to be asked of which model. The place decides whose conversation it is; two threads never share a memory, and neither do two people's private answers.

Then it waits for its turn. In one conversation there is one answer at a time, in the order of the questions, so that nobody's question is answered with half of somebody else's in mind. If something is still being written, you will see that yours was noticed.

## 2. May it be asked?

Each community has a tier, and each model belongs to one:

| Tier | Opens |
| --- | --- |
| free | the free models |
| openai | the free ones and OpenAI's |
| openrouter | the free ones and most of the others |
| premium | all of them |

The check is made at the last moment, right before the request leaves, and in one place only. It does not matter what a menu showed a minute ago or what an old button remembers. If the answer is no, you are told which tier it would take, how to get there, and which model you can use right now.

## 3. What may it cost?

Before a request leaves, the bot works out the most that it could cost: the length of the conversation, the longest answer that it allows, the price of each. That much is *reserved*. When the answer is there, the true price takes the place of the guess:

1. the provider's own bill, where it sends one with the answer
2. the tokens times the price, where it does not
3. an estimate, where you pressed **Stop** halfway

That is why a limit holds even when fifty people ask at the same moment.

## 4. The question goes out

What is sent is the conversation, or rather as much of it as the model can read: the newest turns first, until the space is used up. If the provider is busy, the bot tries again a few times, a little later each time, and never more often than it is asked to:

\`\`\`ts
const delayMs = Math.min(800 * 2 ** retries, 8_000) * (1 - Math.random() / 4);
\`\`\`

Not every failure is worth another try, though:

| What happened | Another try? |
| --- | --- |
| The provider is busy, or its connection broke | yes, up to three |
| It asks to wait longer than half a minute | no, but you are told how long |
| The key is wrong, or the account is empty | no, and you are told who can mend it |
| The conversation is too long for the model | no, and you are told what would help |

The bot tries again only as long as you have not seen a single word. Once an answer has begun, nothing is ever started over behind your back.

## 5. The words come back

They come a few letters at a time, forty times a second or more. No chat platform would let a bot edit a message that often, so the bot does not try. It shows the first words at once, and from then on it sends **the newest state** whenever the platform has room for another update. Nothing stale is ever queued. If ten answers are being written in the same channel, they take turns, and the one that has waited longest goes first.

Half-finished formatting is a small thing, but it looks broken: a lone \`**\`, a code block without an end, a link that is only half there. So in every interim update the bot closes what is open. In code, that matters most:

\`\`\`python
def fence_is_open(text: str) -> bool:
    """Whether a text stops in the middle of a code block."""
    return sum(line.startswith("\`\`\`") for line in text.splitlines()) % 2 == 1


if __name__ == "__main__":
    print(fence_is_open("an answer that is still being written"))
\`\`\`

## 6. One message is not enough

Discord ends a message at 2,000 characters. When an answer grows past that, it continues in the next one, and the cut falls where a person would make it:

- between two paragraphs, if there is a gap in reach
- else between two lines
- else after a sentence
- else between two words

Never in the middle of an emoji, a link or a row of a table, if that can be helped. A code block that has to be cut is closed at the end of one message and opened again, in the same language, at the start of the next. A message that is full is left alone from then on.

## 7. Something goes wrong

Providers fail. Connections break. Processes get restarted in the middle of a word. The rule is the same for all of it: **what has arrived stays**. It is marked with a plain reason, and there is a button to ask again. If the bot itself was the one that died, the next start looks into its journal, finds the answers that were left hanging, and finishes them properly. Nothing stays “thinking” for ever.

## 8. What is kept

The questions and answers of a conversation are stored so that you can come back to it tomorrow, after a restart too. They are stored by the people who run this bot, on their own machine, and they reach a provider only as part of your next question. \`/forget\` deletes a conversation for good. The log says that somebody asked, which model answered, how long it took and what it cost, but not a word of what was said.

> If the memory cannot be read, the bot says so and does not answer. An assistant that pretends never to have met you is worse than one that asks for a moment.

The sources of an answer, if the model searched the web, are listed below it with their addresses. Pictures in an answer are shown as links, and no name in it rings anybody's phone: what a model writes is treated as what it is, text from a stranger.

## 9. You have had enough

Press **Stop**, and the request to the provider is ended too, so that nobody goes on paying for words that nobody will read. Or press **Continue in thread**, and the conversation moves to a place of its own, with everything that was said so far. In the thread nobody needs a command any more: whatever is written there is meant for the bot, whoever writes it. People who join later can scroll up, and so, in its way, can the model.

---

That was the long one. It was a script, of course: I am the demo, and no language model. ${CONNECT}
`;

function ordinal(n: number): string {
  const tail = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${tail}`;
}
