import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { etag } from 'hono/etag';
import { html } from 'hono/html';
import type { Logger } from 'pino';
import type { Route } from '../core/ports/adapter.ts';
import type { Login } from '../http/login.ts';
import { Refused, sendText } from '../http/requests.ts';
import { requireSameOrigin, setSecurityHeaders } from '../http/same-origin.ts';
import { answerActions, guildActions, pauseActions } from './actions.ts';
import type { AdminHost } from './host.ts';
import { loginPage, page } from './page.ts';
import { type AdminEnv, type App, fieldsOf } from './request.ts';
import { showAgain, showPages } from './views/pages.ts';

export interface AdminOptions {
  readonly host: AdminHost;
  /** Null without `ADMIN_TOKEN`, which switches the dashboard off. */
  readonly login: Login | null;
  readonly log: Logger;
}

const PATHS = ['/admin', '/admin/'];
/** Forms are short. */
const MAX_BODY_BYTES = 16 * 1024;
/** Nothing from elsewhere, no inline script, no inline style. */
const POLICY = [
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types parley',
];
/** The style sheets and the script, which need no login. */
const ASSETS = [
  ['../http/base.css', 'text/css'],
  ['admin.css', 'text/css'],
  ['live.js', 'text/javascript'],
] as const;
const OFF = 'The dashboard is off. Set ADMIN_TOKEN and restart Parley.\n';

/** The operator's dashboard: pages rendered by the server, for anybody with `ADMIN_TOKEN`. */
export function createAdmin({ host, login, log }: AdminOptions): readonly Route[] {
  const listener =
    login === null
      ? null
      : getRequestListener(createApp(host, login, log).fetch, { overrideGlobalObjects: false });
  return PATHS.map((path) => ({
    path,
    async handle(request, response) {
      if (listener === null) return sendText(response, 404, OFF);
      setSecurityHeaders(response, POLICY, 'same-origin');
      response.setHeader('cache-control', 'no-store');
      await listener(request, response);
    },
  }));
}

function createApp(host: AdminHost, login: Login, log: Logger): App {
  const app: App = new Hono<AdminEnv>({ strict: false }).basePath('/admin');

  app.use(async (context, next) => {
    const { incoming } = context.env;
    requireSameOrigin(incoming, true);
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') refuseForeignPost(incoming.headers);
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError() {
        throw new Refused(413, 'The form is too long.');
      },
    }),
  );
  serveAssets(app);

  app.post('/login', async (context) => {
    const { token = '', to = '' } = await fieldsOf(context);
    // Only to a page of this dashboard.
    const path = /^\/admin(?:[/?][\w%./?=&-]*)?$/.test(to) ? to : '/admin';
    try {
      context.header('set-cookie', login.openSession(token, context.env.incoming));
      return context.redirect(path, 303);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return context.html(loginPage(path, error.message), error.status === 429 ? 429 : 401);
    }
  });

  app.use(async (context, next) => {
    if (login.hasSession(context.env.incoming)) return next();
    const { pathname, search } = new URL(context.req.url);
    const to = context.req.method === 'GET' ? pathname + search : '/admin';
    return context.html(loginPage(to, null), 401);
  });
  app.post('/logout', (context) => {
    context.header('set-cookie', login.closeSession(context.env.incoming));
    return context.redirect('/admin', 303);
  });
  showPages(app, host);
  pauseActions(app, host);
  guildActions(app, host);
  answerActions(app, host);

  app.notFound((context) => context.html(wordPage('Page not found', 'The address may be mistyped.'), 404));
  app.onError(async (error, context) => {
    if (error instanceof Refused && (error.status === 403 || error.status === 413)) {
      return context.html(wordPage('Not served', error.message), error.status);
    }
    if (error instanceof Refused) return showAgain(context, host, error.message);
    log.error({ err: error, path: context.req.path }, 'could not show a page of the dashboard');
    return context.html(
      wordPage('Something went wrong', "The server's log has the details. Reload the page in a minute."),
      500,
    );
  });
  return app;
}

function serveAssets(app: App): void {
  for (const [path, type] of ASSETS) {
    const text = readFileSync(join(import.meta.dirname, path), 'utf8');
    app.get(`/${basename(path)}`, etag(), (context) => {
      context.env.outgoing.removeHeader('cache-control');
      const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' };
      return context.body(text, 200, headers);
    });
  }
}

function wordPage(title: string, text: string) {
  return page({
    title,
    at: '',
    word: { tone: 'bad', text },
    body: html`<p><a href="/admin">To the overview</a></p>`,
  });
}

/** Browsers send the site that a form comes from, for other sites and for this one. */
function refuseForeignPost(headers: NodeJS.Dict<string | string[]>): void {
  if (headers['origin'] === undefined && headers['sec-fetch-site'] === undefined) {
    throw new Refused(403, 'The request does not say which site it comes from. Use a current browser.');
  }
}
