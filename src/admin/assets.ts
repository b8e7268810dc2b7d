import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { etag } from 'hono/etag';
import type { App } from './request.ts';

const ASSETS = { 'admin.css': 'text/css', 'live.js': 'text/javascript' } as const;

/** The style sheet and the script, which need no login. */
export function serveAssets(app: App): void {
  for (const [name, type] of Object.entries(ASSETS)) {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    app.get(`/${name}`, etag(), (context) => {
      context.env.outgoing.removeHeader('cache-control');
      return context.body(text, 200, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-cache',
      });
    });
  }
}
