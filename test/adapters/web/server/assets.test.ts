import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Playground, startPlayground } from '../playground.ts';

const PAGE = new URL('../../../../src/adapters/web/page/', import.meta.url);

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});

afterAll(async () => {
  await playground.close();
});

describe('the page', () => {
  it('is where its root leads', async () => {
    for (const path of ['/', '/playground']) {
      const { status, headers } = await playground.send('GET', path);
      expect([status, headers.location], path).toEqual([302, '/playground/']);
    }
  });

  it('names its one inline script in the policy', async () => {
    const { text, headers } = await playground.send('GET', '');
    const inline = [...text.matchAll(/<script type="importmap">(.*?)<\/script>/gs)].map(
      ([, script = '']) => script,
    );
    expect(inline).toHaveLength(1);
    const hash = createHash('sha256')
      .update(inline[0] ?? '')
      .digest('base64');
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}'`);
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it('is served whole: every file that the page and its modules name is there', async () => {
    const { text: index } = await playground.send('GET', '');
    const importMap = JSON.parse(/<script type="importmap">(.*?)<\/script>/s.exec(index)?.[1] ?? '') as {
      imports: Record<string, string>;
    };
    const seen = new Set<string>();
    const wanted = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const { status, text } = await playground.send('GET', path);
      expect(status, path).toBe(200);
      if (!/\.(ts|js)$/.test(path)) continue;
      for (const [, specifier = ''] of text.matchAll(/\b(?:from|import)\s*["']([\w@./-]+)["']/g)) {
        // Only lit is a library of more than one file; other imports in libraries stand in strings.
        if (path.startsWith('lib/') && !specifier.startsWith('.')) continue;
        wanted.push(resolve(specifier, path, importMap.imports));
      }
    }
    const files = (await readdir(PAGE, { recursive: true })).filter(
      (name) => /\.(ts|js|css|svg)$/.test(name) && !name.endsWith('.d.ts'),
    );
    expect([...seen].filter((path) => path.startsWith('page/')).sort()).toEqual(
      files.map((name) => `page/${name}`).sort(),
    );
  });

  it('reaches the browser as JavaScript, without types', async () => {
    const { text, headers } = await playground.send('GET', 'page/timeline/format.ts');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(text).toContain('export function formatDay(');
    expect(text).not.toMatch(/: (?:number|string)\b/);
  });

  it('is asked for again only where it changed', async () => {
    const first = await playground.send('GET', 'lib/marked.js');
    const again = await playground.send('GET', 'lib/marked.js', {
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it.each([
    'page/../adapter.ts',
    'page/%2e%2e/adapter.ts',
    'page/..%2fadapter.ts',
    'page/tsconfig.json',
    'page/modules.d.ts',
    'page/nothing.ts',
    'lib/lit/../package.json',
    'lib/lit/node/lit-html.js',
    'lib/lit/directives/../../../marked/package.json',
    'lib/keyv.js',
    'core/command.ts',
    'lib/marked.js/',
    'nothing',
    'api/nothing',
  ])('serves nothing else, as %s', async (path) => {
    expect((await playground.send('GET', path)).status).toBe(404);
  });

  it('makes no noise on standard error when it drops the types', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    await playground.send('GET', 'page/main.ts');
    await new Promise((done) => setImmediate(done));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

function resolve(specifier: string, from: string, imports: Record<string, string>): string {
  const base = 'http://page/playground/';
  // As browsers do: what is no bare name is first made a URL, in the import map as well.
  const urlOf = (name: string, against: string) =>
    /^\.{0,2}\//.test(name) ? new URL(name, new URL(against, base)).href : name;
  const wanted = urlOf(specifier, from);
  const mapped = Object.entries(imports)
    .map(([name, target]) => [urlOf(name, ''), new URL(target, base).href] as const)
    .filter(([name]) => name === wanted || (name.endsWith('/') && wanted.startsWith(name)))
    .map(([name, target]) => target + wanted.slice(name.length))[0];
  return (mapped ?? new URL(wanted, base).href).slice(base.length);
}
