import { html } from 'hono/html';
import { counted } from '../../core/kit/text/text.ts';
import { formatDuration } from '../../core/kit/time/durations.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, numeric, table } from '../html.ts';
import { guildLink, modelName } from './use.ts';

/** The answers in progress in all processes, each with a stop button. */
export async function answers({ services, names }: AdminHost): Promise<Html> {
  const live = await services.underWay.list();
  const known = await names.of(live.map(({ guild }) => guild));
  const nowMs = services.clock.now();
  return html`<section id="live">
<p class="soft">${counted(live.length, 'answer', 'answers')} in progress in all processes. The list refreshes every three seconds.</p>
${table(
  'Answers in progress',
  // In this column the button is visible on a narrow screen too.
  ['Person', 'Stop', numeric('For'), 'Model', numeric('Characters'), 'Guild'],
  live.map(({ id, guild, userName, model, askedAtMs, chars, isEnding }) => [
    named(userName),
    isEnding
      ? 'complete'
      : html`<form method="post" action="/admin/answers/stop"><input type="hidden" name="id" value="${id}"><button class="danger" id="stop-${id}">Stop<span class="visually-hidden"> the answer to ${userName}</span></button></form>`,
    formatDuration(nowMs - askedAtMs),
    model === null ? 'waits for its turn' : named(modelName(model, services)),
    chars,
    guildLink(guild, known.get(guild) ?? guild),
  ]),
  'No answer is in progress.',
)}
</section>`;
}
