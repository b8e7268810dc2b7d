import { type GuildId, parseGuildId } from '../../core/ports/actor.ts';
import { Refused } from '../../http/requests.ts';
import { DONE, guildOf, NO_GUILD } from '../actions.ts';
import type { AdminHost } from '../host.ts';
import type { Html } from '../html.ts';
import { type PageOptions, page } from '../page.ts';
import type { App, Request } from '../request.ts';
import { answers } from './answers.ts';
import { type ChangesQuery, changes } from './changes.ts';
import { costs } from './costs.ts';
import { guild } from './guild.ts';
import { guilds } from './guilds.ts';
import { models } from './models.ts';
import { DAYS, GROUPINGS, type OverviewQuery, overview } from './overview.ts';

/** Pages without a query. */
const PLAIN: readonly {
  readonly path: string;
  readonly title: string;
  view(host: AdminHost): Promise<Html>;
  readonly live?: boolean;
}[] = [
  { path: '/models', title: 'Models', view: models },
  { path: '/answers', title: 'Answers in progress', view: answers, live: true },
  { path: '/costs', title: 'Not settled', view: costs },
];

/** The pages, by address. */
export function showPages(app: App, host: AdminHost): void {
  app.get('/', async (context) => show(context, await overviewPage(context, host)));
  app.get('/guilds', async (context) => {
    const id = context.req.query('id')?.trim();
    if (id !== undefined) return context.redirect(`/admin/guilds/${encodeURIComponent(id)}`, 303);
    return show(context, await guildsPage(host));
  });
  for (const { path, title, view, live = false } of PLAIN) {
    app.get(path, async (context) =>
      show(context, { title, at: `/admin${path}`, body: await view(host), live }),
    );
  }
  app.get('/audit', async (context) => show(context, await changesPage(host, changesQuery(context))));
  app.get('/guilds/:id', async (context) => show(context, await guildPage(host, guildOf(context))));
}

/** Shows the page of a form again, with the reason why nothing was done. */
export async function showAgain(context: Request, host: AdminHost, problem: string): Promise<Response> {
  const id = context.req.param('id');
  const guild = id === undefined ? null : parseGuildId(id);
  if (guild !== null) return show(context, await guildPage(host, guild), problem);
  if (id !== undefined) return show(context, await guildsPage(host), problem);
  if (context.req.path !== '/admin/audit') return show(context, await overviewPage(context, host), problem);
  return show(context, await changesPage(host, { guild: null, skip: 0 }), problem);
}

type Content = Omit<PageOptions, 'word'>;

async function overviewPage(context: Request, host: AdminHost): Promise<Content> {
  return { title: 'Overview', at: '/admin', body: await overview(host, overviewQuery(context)) };
}

async function guildsPage(host: AdminHost): Promise<Content> {
  return { title: 'Guilds', at: '/admin/guilds', body: await guilds(host) };
}

async function guildPage(host: AdminHost, id: GuildId): Promise<Content> {
  const [names, body] = await Promise.all([host.names.of([id]), guild(host, id)]);
  return { title: names.get(id) ?? id, at: '/admin/guilds', body };
}

async function changesPage(host: AdminHost, query: ChangesQuery): Promise<Content> {
  return { title: 'Changes', at: '/admin/audit', body: await changes(host, query) };
}

function show(context: Request, content: Content, problem?: string) {
  if (problem !== undefined)
    return context.html(page({ ...content, word: { tone: 'bad', text: problem } }), 400);
  const done = DONE[context.req.query('done') ?? ''];
  return context.html(page({ ...content, word: done === undefined ? null : { tone: 'good', text: done } }));
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
