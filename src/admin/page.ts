import { html } from 'hono/html';
import type { Html } from './html.ts';

const NAV = [
  ['/admin', 'Overview'],
  ['/admin/guilds', 'Guilds'],
  ['/admin/models', 'Models'],
  ['/admin/answers', 'Answers'],
  ['/admin/costs', 'Not settled'],
  ['/admin/audit', 'Changes'],
] as const;

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  /** The path of the page's entry in the navigation; null on the login page, which has none. */
  readonly at: string | null;
  /** The result of an action, or why it failed. */
  readonly word?: { readonly tone: 'good' | 'bad'; readonly text: string } | null;
  /** Whether the element with id `live` is refreshed every few seconds. Default false. */
  readonly live?: boolean;
}

/** A whole page. */
export function page({ title, body, at, word = null, live = false }: PageOptions): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Parley</title>
<link rel="stylesheet" href="/admin/base.css">
<link rel="stylesheet" href="/admin/admin.css">
${live ? html`<script type="module" src="/admin/live.js"></script>` : ''}
</head>
<body>
${at === null ? '' : header(at)}
<main id="main" tabindex="-1">
<h1>${title}</h1>
${word === null ? '' : html`<p class="word ${word.tone}" role="${word.tone === 'bad' ? 'alert' : 'status'}">${word.text}</p>`}
${body}
</main>
</body>
</html>
`;
}

function header(at: string): Html {
  return html`<a class="skip" href="#main">Skip to the content</a>
<header>
<a class="brand" href="/admin">Parley</a>
<nav aria-label="Dashboard"><ul>${NAV.map(
    ([path, name]) =>
      html`<li><a href="${path}" ${path === at ? html`aria-current="page"` : ''}>${name}</a></li>`,
  )}</ul></nav>
<form method="post" action="/admin/logout"><button class="plain">Log out</button></form>
</header>`;
}

/** Asks for `ADMIN_TOKEN`. @param to the path to continue to */
export function loginPage(to: string, problem: string | null): Html {
  return page({
    title: 'Log in',
    at: null,
    word: problem === null ? null : { tone: 'bad', text: problem },
    body: html`<form class="login" method="post" action="/admin/login">
<input type="hidden" name="to" value="${to}">
<label for="token"><code>ADMIN_TOKEN</code> of this installation</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>`,
  });
}
