import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const files = globSync('src/**/*.ts');

/** Every import in a file, `import type` and dynamic ones included: paths from the root for our own, names for packages. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const specifiers = source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g);
  return Array.from(specifiers, ([, specifier = '']) =>
    specifier.startsWith('.') ? relative('.', join(dirname(file), specifier)) : specifier,
  );
}

/** Rooms, and what their files may import of our own besides themselves. */
const rooms: readonly { readonly name: string; readonly path: RegExp; readonly may: RegExp }[] = [
  { name: 'src/core', path: /^src\/core\//, may: /^src\/core\// },
  { name: 'src/commands', path: /^src\/commands\//, may: /^src\/(core|commands)\// },
  { name: 'src/store', path: /^src\/store\//, may: /^src\/(core|store)\// },
  { name: 'src/files', path: /^src\/files\//, may: /^src\/(core|files)\// },
  { name: 'src/charts', path: /^src\/charts\//, may: /^src\/(core|charts)\// },
  { name: 'src/http', path: /^src\/http\//, may: /^src\/(core|http)\// },
  { name: 'src/admin', path: /^src\/admin\//, may: /^src\/(core|http|admin)\// },
  { name: 'src/demo', path: /^src\/demo\//, may: /^src\/(core|demo)\// },
  {
    name: 'src/adapters/discord',
    path: /^src\/adapters\/discord\//,
    may: /^src\/(core|adapters\/discord)\//,
  },
  { name: 'src/adapters/slack', path: /^src\/adapters\/slack\//, may: /^src\/(core|adapters\/slack)\// },
  { name: 'src/adapters/web', path: /^src\/adapters\/web\//, may: /^src\/(core|http|adapters\/web)\// },
];

/**
 * Core from top to bottom: an import, type-only ones included, points down this list or stays in its folder. Files
 * beside the folders have a place of their own. A folder inside another one has its own place, before the files beside it.
 */
const coreOrder = [
  'core.ts',
  'wiring',
  'dispatch',
  'command.ts',
  'services.ts',
  'chat',
  'chat/actions',
  'chat/answer',
  'chat/recovery',
  'chat/question',
  'chat/words',
  'prompt',
  'model-choice',
  'conversations',
  'ledger',
  'access',
  'catalogue',
  'provider',
  'coordination',
  'delivery',
  'markdown',
  'tokens',
  'ports',
  'kit',
  'kit/scheduling',
  'kit/time',
  'kit/text',
  'kit/secrets',
];

type Link = readonly [from: string, to: string];

function links(): Link[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter((target) => files.includes(target))
      .map((target): Link => [file, target]),
  );
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`);
}

/** The first step below `base`: a folder, or a file that stands beside the folders. */
function folderIn(base: string, file: string): string {
  return file.slice(base.length + 1).split('/')[0] ?? '';
}

/** The place of a file of core in the order: that of its folder or, if this has none, of the folder around it. -1 for none. */
function levelOf(file: string): number {
  return coreOrder.findLastIndex((place) => file === `src/core/${place}` || isIn(`src/core/${place}`, file));
}

/** Every circle that these links form, each as its path. */
function circlesIn(all: readonly Link[]): string[] {
  const graph = Map.groupBy(all, ([from]) => from);
  const done = new Set<string>();
  const path: string[] = [];
  const circles: string[] = [];
  function visit(node: string): void {
    if (done.has(node)) return;
    if (path.includes(node)) {
      circles.push([...path.slice(path.indexOf(node)), node].join(' -> '));
      return;
    }
    path.push(node);
    for (const [, to] of graph.get(node) ?? []) visit(to);
    path.pop();
    done.add(node);
  }
  for (const node of graph.keys()) visit(node);
  return circles;
}

const platformSdk = /^(discord\.js|@discordjs\/|discord-api-types|@slack\/|lit|marked|dompurify)/;

describe('imports', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it.each(rooms)('of $name stay in core and the room itself', ({ path, may }) => {
    const strays = files
      .filter((file) => path.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => target.startsWith('src/') && !may.test(target))
          .map((target) => `${file} -> ${target}`),
      );
    expect(strays).toEqual([]);
  });

  it('of core, commands and store name no platform SDK', () => {
    const strays = files
      .filter((file) => /^src\/(core|commands|store)\//.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => platformSdk.test(target))
          .map((target) => `${file} -> ${target}`),
      );
    expect(strays).toEqual([]);
  });

  it('point down the order of core', () => {
    const strays = links()
      .filter(([from, to]) => isIn('src/core', from) && isIn('src/core', to))
      .filter(([from, to]) => levelOf(from) > levelOf(to))
      .map(([from, to]) => `${from} -> ${to}`);
    expect(strays).toEqual([]);
  });

  it('come from core folders that all have a place in the order', () => {
    expect(files.filter((file) => isIn('src/core', file) && levelOf(file) < 0)).toEqual([]);
  });

  it('form no circle between files', () => {
    expect(circlesIn(links())).toEqual([]);
  });

  it.each(['discord', 'slack', 'web'])('form no circle between the folders of %s', (adapter) => {
    const base = `src/adapters/${adapter}`;
    const between = links()
      .filter(([from, to]) => isIn(base, from) && isIn(base, to))
      .map(([from, to]): Link => [folderIn(base, from), folderIn(base, to)])
      .filter(([from, to]) => from !== to);
    expect(circlesIn(between)).toEqual([]);
  });

  it('of the environment stay in environment.ts', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8')));
    expect(readers).toEqual(['src/app/config/environment.ts']);
  });
});

describe('ARCHITECTURE.md', () => {
  it('names every folder of src, and none that is not there', () => {
    const folders = [...new Set(files.map((file) => dirname(file)))].filter((folder) => folder !== 'src');
    const text = readFileSync('ARCHITECTURE.md', 'utf8');
    const named = Array.from(text.matchAll(/`(src\/[a-z/-]+)\/`/g), ([, folder = '']) => folder);
    expect([...new Set(named)].toSorted()).toEqual(folders.toSorted());
  });
});
