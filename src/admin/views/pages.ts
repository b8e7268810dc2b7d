import { type GuildId, parseGuildId } from '../../core/ports/actor.ts';
import { Refused } from '../../http/requests.ts';
import { DONE, guildOf, NO_GUILD } from '../actions.ts';
import type { AdminHost } from '../host.ts';
import { type PageOptions, page } from '../page.ts';
import type { App, Request } from '../request.ts';
import { answers } from './answers.ts';
import { type ChangesQuery, changes } from './changes.ts';
import { costs } from './costs.ts';
import { guild } from './guild.ts';
import { guilds } from './guilds.ts';
import { models } from './models.ts';
import { DAYS, GROUPINGS, type OverviewQuery, overview } from './overview.ts';

/** The pages, by address. */
export function showPages(app: App, host: AdminHost): void {
  app.get('/', (context) => showOverview(context, host));
  app.get('/guilds', async (context) => {
    const id = context.req.query('id')?.trim();
    if (id !== undefined) return context.redirect(`/admin/guilds/${encodeURIComponent(id)}`, 303);
    return show(context, { title: 'Guilds', at: '/admin/guilds', body: await guilds(host) });
  });
  app.get('/models', async (context) =>
    show(context, { title: 'Models', at: '/admin/models', body: await models(host) }),
  );
  app.get('/answers', async (context) =>
    show(context, {
      title: 'Answers in progress',
      at: '/admin/answers',
      body: await answers(host),
      live: true,
    }),
  );
  app.get('/costs', async (context) =>
    show(context, { title: 'Not settled', at: '/admin/costs', body: await costs(host) }),
  );
  app.get('/audit', async (context) =>
    show(context, {
      title: 'Changes',
      at: '/admin/audit',
      body: await changes(host, changesQuery(context)),
    }),
  );
  app.get('/guilds/:id', (context) => showGuild(context, host, guildOf(context)));
}

/** Shows the page of a form again, with the reason why nothing was done. */
export async function showAgain(context: Request, host: AdminHost, problem: string): Promise<Response> {
  const [, id] = /^\/admin\/guilds\/([^/]+)/.exec(context.req.path) ?? [];
  const guild = id === undefined ? null : parseGuildId(decodeURIComponent(id));
  if (guild !== null) return showGuild(context, host, guild, problem);
  if (context.req.path === '/admin/audit') {
    const body = await changes(host, { guild: null, skip: 0 });
    return show(context, { title: 'Changes', at: '/admin/audit', body }, problem);
  }
  return id === undefined
    ? showOverview(context, host, problem)
    : show(context, { title: 'Guilds', at: '/admin/guilds', body: await guilds(host) }, problem);
}

async function showOverview(context: Request, host: AdminHost, problem?: string): Promise<Response> {
  const body = await overview(host, overviewQuery(context));
  return show(context, { title: 'Overview', at: '/admin', body }, problem);
}

async function showGuild(
  context: Request,
  host: AdminHost,
  id: GuildId,
  problem?: string,
): Promise<Response> {
  const [names, body] = await Promise.all([host.names.of([id]), guild(host, id)]);
  return show(context, { title: names.get(id) ?? id, at: '/admin/guilds', body }, problem);
}

function show(context: Request, options: Omit<PageOptions, 'word'>, problem?: string) {
  if (problem !== undefined)
    return context.html(page({ ...options, word: { tone: 'bad', text: problem } }), 400);
  const done = DONE[context.req.query('done') ?? ''];
  return context.html(page({ ...options, word: done === undefined ? null : { tone: 'good', text: done } }));
}

/** @throws Refused for an invalid guild id */
function changesQuery(context: Request): ChangesQuery {
  const { guild = '', skip = '' } = context.req.query();
  const id = guild.trim() === '' ? null : parseGuildId(guild.trim());
  if (id === null && guild.trim() !== '') throw new Refused(400, NO_GUILD);
  return { guild: id, skip: /^\d{1,6}$/.test(skip) ? Number(skip) : 0 };
}

function overviewQuery(context: Request): OverviewQuery {
  const { days, by } = context.req.query();
  return {
    days: DAYS.find((each) => String(each) === days) ?? 30,
    by: GROUPINGS.find((each) => each === by) ?? 'model',
  };
}
