import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly body: Buffer;
  readonly mediaType: string;
  readonly etag: string;
}

/** By a file's extension; the others are JavaScript. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** In order of precedence. */
const STYLES = [
  'lib/base.css',
  ...['layout', 'sidebar', 'bar', 'message', 'markdown', 'welcome', 'composer'].map(
    (name) => `page/styles/${name}.css`,
  ),
];

/** The URLs of modules that the page imports by name, or from outside the page. */
const IMPORTS = {
  '../../core/': './core/',
  'lit-html': './lib/lit/lit-html.js',
  'lit-html/': './lib/lit/',
  marked: './lib/marked.js',
  dompurify: './lib/dompurify.js',
};

/** Serves the page's files and the libraries they import, straight from where they are installed. */
export function createAssets() {
  // The package's entry resolves to the build for Node; a directive is in the browser's build, one level down.
  const aDirective = createRequire(import.meta.url).resolve('lit-html/directives/repeat.js');
  const litDir = dirname(dirname(aDirective));
  const src = join(import.meta.dirname, '../../..');
  /** The paths of files, and where the part in brackets is found. The module of core imports nothing. */
  const places: readonly (readonly [path: RegExp, dir: string])[] = [
    [/^page\/((?:[a-z]+\/)?[a-z][a-z-]*\.(?:ts|js|css|svg))$/, join(import.meta.dirname, '../page')],
    [/^core\/(kit\/typed-options\.ts)$/, join(src, 'core')],
    [/^lib\/(base\.css)$/, join(src, 'http')],
    [/^lib\/lit\/((?:directives\/)?[a-z][a-z-]*\.js)$/, litDir],
  ];
  const libraries = new Map(
    ['marked', 'dompurify'].map((name) => [`lib/${name}.js`, fileURLToPath(import.meta.resolve(name))]),
  );
  const cache = new Map<string, { readonly changedAtMs: number; readonly asset: Asset }>();
  const importMap = JSON.stringify({ imports: IMPORTS });
  const index = assetOf(indexHtml(importMap), 'text/html; charset=utf-8');

  function locate(path: string): string | undefined {
    for (const [pattern, dir] of places) {
      const [, file] = pattern.exec(path) ?? [];
      if (file !== undefined) return join(dir, file);
    }
    return libraries.get(path);
  }

  return {
    /** The hash of the import map, the page's only inline script, for the content security policy. */
    scriptHash: `sha256-${createHash('sha256').update(importMap).digest('base64')}`,
    /** The page itself (``), a file of it (`page/main.ts`), of core or of a library (`lib/marked.js`); undefined for other paths. */
    async read(path: string): Promise<Asset | undefined> {
      if (path === '') return index;
      const file = locate(path);
      if (file === undefined) return undefined;
      const changedAtMs = await changeTime(file);
      if (changedAtMs === undefined) return undefined;
      const cached = cache.get(path);
      if (cached?.changedAtMs === changedAtMs) return cached.asset;
      const source = await readFile(file, 'utf8');
      const body = file.endsWith('.ts') ? strip(source) : source;
      const asset = assetOf(body, MEDIA_TYPES[extname(file)] ?? 'text/javascript; charset=utf-8');
      cache.set(path, { changedAtMs, asset });
      return asset;
    },
  };
}

async function changeTime(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? found.mtimeMs : undefined;
}

/**
 * Strips the types from the page's modules, with the function that Node itself runs TypeScript by. Only calling it is marked
 * experimental, and its warning would mean nothing to the person who starts the bot.
 */
function strip(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function assetOf(text: string, mediaType: string): Asset {
  const body = Buffer.from(text);
  return { body, mediaType, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

function indexHtml(importMap: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<title>Parley playground</title>
<link rel="icon" href="page/icon.svg" type="image/svg+xml">
${STYLES.map((path) => `<link rel="stylesheet" href="${path}">`).join('\n')}
<script type="importmap">${importMap}</script>
<script type="module" blocking="render" src="page/main.ts"></script>
</head>
<body><noscript>The playground needs JavaScript.</noscript></body>
</html>
`;
}
