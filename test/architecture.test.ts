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
  { name: 'src/charts', path: /^src\/charts\//, may: /^src\/(core|charts)\// },
  { name: 'src/demo', path: /^src\/demo\//, may: /^src\/(core|demo)\// },
  {
    name: 'src/adapters/discord',
    path: /^src\/adapters\/discord\//,
    may: /^src\/(core|adapters\/discord)\//,
  },
  { name: 'src/adapters/slack', path: /^src\/adapters\/slack\//, may: /^src\/(core|adapters\/slack)\// },
  { name: 'src/adapters/web', path: /^src\/adapters\/web\//, may: /^src\/(core|adapters\/web)\// },
];

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

  it('form no circle', () => {
    const graph = new Map(
      files.map((file) => [file, importsOf(file).filter((target) => files.includes(target))]),
    );
    const done = new Set<string>();
    const path: string[] = [];
    const circles: string[] = [];
    function visit(file: string): void {
      if (done.has(file)) return;
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      path.push(file);
      for (const target of graph.get(file) ?? []) visit(target);
      path.pop();
      done.add(file);
    }
    for (const file of files) visit(file);
    expect(circles).toEqual([]);
  });

  it('of the environment stay in environment.ts', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8')));
    expect(readers).toEqual(['src/environment.ts']);
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
