import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { etag } from 'hono/etag';
import type { App } from './request.ts';

const ASSETS = [
  ['../http/base.css', 'text/css'],
  ['admin.css', 'text/css'],
  ['live.js', 'text/javascript'],
] as const;

/** The style sheets and the script, which need no login. */
export function serveAssets(app: App): void {
  for (const [path, type] of ASSETS) {
    const text = readFileSync(join(import.meta.dirname, path), 'utf8');
    app.get(`/${basename(path)}`, etag(), (context) => {
      context.env.outgoing.removeHeader('cache-control');
      return context.body(text, 200, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-cache',
      });
    });
  }
}
