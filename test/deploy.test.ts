import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from './support/free-port.ts';
import { startProgram } from './support/program.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let servers: Server[];
let programs: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  servers = [];
  programs = [];
});

afterEach(async () => {
  // First, so that no proxy waits for its streams.
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  for (const program of programs) {
    const exited = once(program, 'exit');
    if (program.exitCode === null && program.kill('SIGTERM')) await exited;
  }
  rmSync(folder, { recursive: true });
});

/** `describe` for what needs a program. If that is not installed, the tests are skipped by name; in CI they fail. */
function describeWith(program: string, body: () => void): void {
  const isInstalled = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  const skipped = !isInstalled && !process.env['CI'];
  if (skipped) console.warn(`skipped, for want of ${program}: deploy`);
  describe.skipIf(skipped)(`with ${program}`, body);
}

/** In Parley's place: an event stream that says one word and stays open, and paths that are for this machine alone. */
async function startUpstream(): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/playground/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        `data: ${request.headers['x-forwarded-for'] === undefined ? 'direct' : 'forwarded'}\n\n`,
      );
    } else response.end(`upstream ${request.method} ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function behaves(url: string): Promise<void> {
  await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), 20_000);
  const stop = new AbortController();
  const stream = await fetch(`${url}playground/api/events`, { signal: stop.signal });
  // It comes although the stream goes on, and it shows that it was forwarded.
  const first = await stream.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toBe('data: forwarded\n\n');
  stop.abort();
  const posted = await fetch(`${url}slack/events`, { method: 'POST', body: '{}' });
  expect(await posted.text()).toBe('upstream POST /slack/events');
  for (const path of ['metrics', 'healthz', 'readyz']) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(404);
  }
}

describe('the files for a deployment', () => {
  describeWith('nginx', () => {
    it('bring the playground and Slack through nginx, unbuffered, and nothing that is for this machine', async () => {
      const [upstream, port] = [await startUpstream(), await freePort()];
      const site = readFileSync('deploy/nginx.conf', 'utf8')
        .replace('listen 80;', `listen 127.0.0.1:${port};`)
        .replaceAll('127.0.0.1:3000', `127.0.0.1:${upstream}`);
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join(' ');
      writeFileSync(
        join(folder, 'nginx.conf'),
        `pid ${folder}/pid; daemon off; error_log stderr; events {} http { access_log off; ${temporary}\n${site}}`,
      );
      programs.push(
        spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' }),
      );
      await behaves(`http://127.0.0.1:${port}/`);
    });
  });

  describeWith('caddy', () => {
    it('bring the same through Caddy', async () => {
      const [upstream, port] = [await startUpstream(), await freePort()];
      const file = readFileSync('deploy/Caddyfile', 'utf8');
      const whole = join(folder, 'whole');
      writeFileSync(whole, file);
      const env = { ...process.env, HOME: folder };
      const valid = spawnSync('caddy', ['validate', '--adapter', 'caddyfile', '--config', whole], { env });
      expect(valid.status, String(valid.stderr)).toBe(0);
      const local = join(folder, 'Caddyfile');
      writeFileSync(
        local,
        `{\n\tadmin off\n}\n${file.replace('parley.example.com', `http://127.0.0.1:${port}`).replace('127.0.0.1:3000', `127.0.0.1:${upstream}`)}`,
      );
      programs.push(
        spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', local], { env, stdio: 'ignore' }),
      );
      await behaves(`http://127.0.0.1:${port}/`);
    });
  });

  describeWith('promtool', () => {
    it('hold alerts that Prometheus takes, that fire when they are to, and that name metrics there are', async () => {
      const promtool = (...args: string[]) =>
        spawnSync('promtool', args, { encoding: 'utf8', cwd: 'deploy' });
      for (const args of [
        ['check', 'rules', 'alerts.yml'],
        ['test', 'rules', 'alerts.test.yml'],
      ]) {
        const { status, stdout, stderr } = promtool(...args);
        expect(status, stdout + stderr).toBe(0);
      }
      const rules = readFileSync('deploy/alerts.yml', 'utf8');
      const program = await startProgram(folder, { STORE_URL: 'memory:' });
      try {
        const metrics = await (await fetch(new URL('/metrics', program.url))).text();
        const checked = spawnSync('promtool', ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
        // Metrics that prom-client names itself are not ours.
        expect(checked.stderr).not.toContain('parley_');
        for (const [name] of rules.matchAll(/\b(parley|nodejs)_[a-z0-9_]+/g)) {
          expect(metrics).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `);
        }
      } finally {
        await program.kill();
      }
    });
  });

  describeWith('systemd-analyze', () => {
    it('hold a unit that systemd takes without a remark', () => {
      const unit = join(folder, 'parley.service');
      writeFileSync(
        unit,
        readFileSync('deploy/parley.service', 'utf8').replaceAll(
          '/opt/parley/node_modules/.bin/node',
          process.execPath,
        ),
      );
      const run = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
      expect([run.status, run.stdout + run.stderr]).toEqual([0, '']);
    });
  });
});

describe('the container', () => {
  const run = (script: string, env: Record<string, string>) => {
    const child = spawn(process.execPath, [resolve(script)], { cwd: folder, env: { PORT: '0', ...env } });
    programs.push(child);
    return child;
  };

  it('puts models.json where it can be changed, and leaves it alone after that', async () => {
    const models = join(folder, 'models.json');
    const start = async () => {
      const child = run('bin/container.cjs', { MODELS_FILE: models, STORE_URL: 'memory:' });
      let output = '';
      for await (const chunk of child.stdout) {
        output += chunk;
        if (output.includes('Ctrl-C stops it.')) break;
      }
      child.kill('SIGTERM');
      return output;
    };
    expect(await start()).toContain(models);
    expect(readFileSync(models, 'utf8')).toBe(readFileSync('models.json', 'utf8'));
    const mine =
      '{"models":[{"id":"lab/qwen","tier":"free","routes":[{"provider":"openrouter"}],"contextTokens":32768}]}';
    writeFileSync(models, mine);
    expect(await start()).toMatch(/Models +1, from/);
    expect(readFileSync(models, 'utf8')).toBe(mine);
  });

  it('is healthy where /healthz answers', async () => {
    let status = 200;
    const server = createServer((_, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    const health = async () => (await once(run('bin/healthcheck.cjs', { PORT: String(port) }), 'exit'))[0];
    expect(await health()).toBe(0);
    status = 503;
    expect(await health()).toBe(1);
    server.close();
    server.closeAllConnections();
    expect(await health()).toBe(1);
  });

  it('has all that the sources need', () => {
    const ignored = readFileSync('.dockerignore', 'utf8');
    const copied = [...readFileSync('Dockerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, names = '']) => names.split(' '),
    );
    for (const name of copied) expect(ignored).toContain(`!${name}\n`);
    for (const needed of ['src', 'bin', 'package.json', 'models.json', '.env.example']) {
      expect(copied).toContain(needed);
    }
  });
});
