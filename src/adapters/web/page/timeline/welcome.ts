import { html, nothing, type TemplateResult } from 'lit-html';
import type { Spot } from '../../wire.ts';
import { send } from '../model/actions.ts';
import type { Page } from '../model/page.ts';
import { channelOf, isDm } from '../model/state.ts';
import { copyTool } from '../parts/controls.ts';
import { botMark, icons } from '../parts/icons.ts';

interface Suggestion {
  readonly title: string;
  /** The text to send. */
  readonly text: string;
}

const SUGGESTIONS: Readonly<Record<string, readonly Suggestion[]>> = {
  general: [
    { title: 'Ask a first question', text: '/ask What can you do?' },
    { title: 'Mention it, and get a thread', text: '@Parley What can you do?' },
    { title: 'See which models you can use here', text: '/models' },
    { title: 'Try one that this tier does not include', text: '/ask --model openai/gpt-4o Hello!' },
  ],
  engineering: [
    { title: 'Get some code', text: '/ask Show me some code.' },
    { title: 'See an answer longer than one message', text: '/ask Write me a long answer.' },
    { title: 'See what a failure looks like', text: '/ask Show me an error.' },
    { title: 'List all commands', text: '/help' },
  ],
  random: [
    { title: 'See some Markdown', text: '/ask Show me some Markdown.' },
    { title: 'Ask so that only you see it', text: '/ask --private What can you do?' },
  ],
};

const DM_SUGGESTIONS: readonly Suggestion[] = [
  { title: 'Just ask', text: 'What can you do?' },
  { title: 'Get some code', text: 'Show me some code.' },
];

/** The steps from the demo to a real bot. */
const STEPS: readonly (readonly [what: string, line: string])[] = [
  ['Real answers: a key from openrouter.ai/keys, in .env', 'OPENROUTER_API_KEY='],
  ['Discord: the bot token, docs/discord.md', 'DISCORD_TOKEN='],
  ['Slack: an app from this manifest, docs/slack.md', 'npm run --silent slack:manifest'],
  ['Or set up everything step by step', 'npm run setup'],
  ['Then restart Parley', 'npm start'],
];

function nextSteps({ notify }: Page): TemplateResult {
  return html`
    <section class="steps" aria-labelledby="next-steps">
      <h3 id="next-steps">Next steps</h3>
      <p class="soft small">This is the built-in demo, not a language model. It shows what Parley can do.</p>
      <ol>
        ${STEPS.map(
          ([what, line]) => html`<li class="soft small">
            <span>${what}</span>
            <span class="line row">
              <code>${line}</code>
              ${copyTool(`Copy ${line}`, line, notify, 'Copy')}
            </span>
          </li>`,
        )}
      </ol>
    </section>
  `;
}

/** The beginning of a channel, with suggestions while it is empty. */
export function welcome(page: Page, spot: Spot, isEmpty: boolean): TemplateResult {
  const { state } = page;
  const isAlone = isDm(state, spot);
  const suggestions = isAlone ? DM_SUGGESTIONS : (SUGGESTIONS[spot.channel] ?? []);
  return html`
    <section class="welcome">
      <span class="avatar bot" aria-hidden="true">${isAlone ? botMark : icons.hash}</span>
      <h2>${isAlone ? 'Talk with Parley' : `Welcome to #${channelOf(state, spot.channel)?.name}`}</h2>
      <p class="soft">
        ${
          isAlone
            ? 'Only you see this. All messages belong to one conversation, and you need no command.'
            : 'Ask with /ask, or mention @Parley to get a thread. Everybody in the channel sees the answer as it grows.'
        }
      </p>
      ${
        isEmpty
          ? html`<div class="suggestions">
              ${suggestions.map(
                ({ title, text }) => html`
                <button type="button" @click=${() => send(page, spot, text)}>
                  <span>${title}</span><code>${text}</code>
                </button>`,
              )}
            </div>`
          : nothing
      }
      ${isEmpty && state.status?.demo === true ? nextSteps(page) : nothing}
      ${
        isEmpty && state.info.isOpen
          ? html`<p class="hint soft small">
              This page asks for no token, so it is for this machine alone: put no proxy before it. Set
              <code>ADMIN_TOKEN</code> to reach it from elsewhere.
            </p>`
          : nothing
      }
    </section>
  `;
}
