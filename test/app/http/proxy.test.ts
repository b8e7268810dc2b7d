import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpServer } from '../../../src/app/http/http-server.ts';
import { forOperator } from '../../../src/app/http/operator-only.ts';
import { startPlayground } from '../../adapters/web/playground.ts';
import { ADMIN_TOKEN, startDashboard } from '../../admin/dashboard.ts';
import { freePort } from '../../support/free-port.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** The site as it is delivered; without the lines that keep paths inside, as the docs say, if `isOpen`. */
function site(file: string, isOpen: boolean): string {
  const whole = readFileSync(join('deploy', file), 'utf8');
  return isOpen ? whole.replace(/^.*(?:return 404;|@inside).*\n/gm, '') : whole;
}

const PROXIES = {
  nginx(port: number, upstream: string, folder: string, isOpen: boolean): ChildProcess {
    const server = site('nginx.conf', isOpen)
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replace('http://127.0.0.1:3000', upstream);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${server}\n}\n`,
    );
    return spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', 'stderr']);
  },
  caddy(port: number, upstream: string, folder: string, isOpen: boolean): ChildProcess {
    const server = site('Caddyfile', isOpen)
      .replace('parley.example.com {', `http://127.0.0.1:${port} {`)
      .replace('127.0.0.1:3000', upstream.replace('http://', ''));
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{\nadmin off\nauto_https off\n}\n${server}`);
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env });
  },
};

function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
}

/** The address under which a proxy passes on to `upstream`. */
async function proxied(program: keyof typeof PROXIES, upstream: string, isOpen = false): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-proxy-'));
  mkdirSync(join(folder, 'logs'));
  const port = await freePort();
  const proxy = PROXIES[program](port, upstream, folder, isOpen);
  const ended = new Promise((resolve) => proxy.once('exit', resolve));
  onTestFinished(async () => {
    proxy.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const address = `http://127.0.0.1:${port}`;
  await waitUntil(async () => void (await fetch(address)));
  return address;
}

describe.each(['nginx', 'caddy'] as const)('behind %s as it is delivered', (program) => {
  const adminToken = 'a-token-of-this-test';

  it.skipIf(!isInstalled(program))('the playground asks for the token, and works with it', async () => {
    const playground = await startPlayground({ adminToken });
    onTestFinished(() => playground.close());
    const address = await proxied(program, playground.url.origin);
    expect((await fetch(`${address}/playground/`)).status).toBe(200);
    expect((await fetch(`${address}/playground/api/room`)).status).toBe(401);
    const login = await fetch(`${address}/playground/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: address },
      body: JSON.stringify({ token: adminToken }),
    });
    expect(login.status).toBe(200);
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(`${address}/playground/api/room`, { headers: { cookie } })).status).toBe(200);
  });

  it.skipIf(!isInstalled(program))(
    'the dashboard asks for the token, takes forms of its own, and no others',
    async () => {
      const dashboard = await startDashboard();
      onTestFinished(() => dashboard.close());
      const address = await proxied(program, dashboard.url);
      const post = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
        fetch(address + path, {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers,
          redirect: 'manual',
        });
      expect((await fetch(`${address}/admin`)).status).toBe(401);
      const login = await post('/admin/login', { token: ADMIN_TOKEN }, { origin: address });
      expect([login.status, login.headers.get('location')]).toEqual([303, '/admin']);
      const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
      expect((await fetch(`${address}/admin`, { headers: { cookie } })).status).toBe(200);
      expect((await post('/admin/pause', {}, { cookie, origin: 'https://attacker.example' })).status).toBe(
        403,
      );
      expect((await post('/admin/pause', {}, { cookie, origin: address })).status).toBe(303);
      expect(await dashboard.bot.services.pauses.read()).toMatchObject({ by: 'dashboard (127.0.0.1)' });
    },
  );

  it.skipIf(!isInstalled(program))('a playground without a token is closed', async () => {
    const playground = await startPlayground();
    onTestFinished(() => playground.close());
    const address = await proxied(program, playground.url.origin);
    for (const path of ['', 'api/room'])
      expect((await fetch(`${address}/playground/${path}`)).status, path).toBe(403);
  });

  it.skipIf(!isInstalled(program))(
    '/metrics is for whoever has the token, if it is let through',
    async () => {
      const route = {
        path: '/metrics',
        handle: (_: unknown, response: { end(text: string): void }) => response.end('ok'),
      };
      for (const check of [
        { adminToken, isExposed: false },
        { adminToken: undefined, isExposed: true },
        { adminToken: undefined, isExposed: false },
      ]) {
        const server = createHttpServer([forOperator(route, check)], pino({ level: 'silent' }));
        onTestFinished(() => server.close());
        const address = await proxied(program, await server.listen('127.0.0.1', 0), true);
        const headers = { authorization: `Bearer ${adminToken}` };
        expect((await fetch(`${address}/metrics`)).status).toBe(401);
        const withToken = (await fetch(`${address}/metrics`, { headers })).status;
        expect(withToken).toBe(check.adminToken === undefined ? 401 : 200);
      }
    },
  );
});
