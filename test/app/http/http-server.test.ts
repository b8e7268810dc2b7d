import { request } from 'node:http';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/app/http/http-server.ts';
import type { Route } from '../../../src/core/ports/adapter.ts';

let server: HttpServer;
afterEach(() => server.close());

function serve(...routes: Route[]): Promise<string> {
  server = createHttpServer(routes, pino({ level: 'silent' }));
  return server.listen('127.0.0.1', 0);
}

const says = (path: string, text: string): Route => ({
  path,
  handle: (_request, response) => void response.end(text),
});

describe('the HTTP server', () => {
  it('gives a request to the route with the longest path', async () => {
    const address = await serve(says('/', 'root'), says('/one', 'one'), says('/one/two/', 'below'));
    const at = async (path: string) => (await fetch(address + path)).text();
    expect(await at('/one')).toBe('one');
    expect(await at('/one?x=/one/two/')).toBe('one');
    expect(await at('/one/two/three')).toBe('below');
    expect(await at('/onetwo')).toBe('root');
  });

  it('bounds its connections, and the time that a request takes to arrive', async () => {
    // Nothing below a thousand connections or half a minute would show it from outside.
    const limits = Promise.withResolvers<object>();
    const address = await serve({
      path: '/',
      handle({ socket }, response) {
        limits.resolve({ ...Object(socket).server });
        response.end();
      },
    });
    await fetch(address);
    expect(await limits.promise).toMatchObject({ maxConnections: 1_000, requestTimeout: 30_000 });
  });

  it('answers a fault with 500 and no detail', async () => {
    const address = await serve({
      path: '/',
      handle: () => {
        throw new Error('secret');
      },
    });
    const response = await fetch(address);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });

  it('breaks off an answer that a fault cut short, so that it is not taken for whole', async () => {
    const address = await serve({
      path: '/',
      async handle(_request, response) {
        response.writeHead(200);
        await new Promise((resolve) => response.write('half', resolve));
        throw new Error('secret');
      },
    });
    await expect(fetch(address).then((response) => response.text())).rejects.toThrow();
  });

  it('says where it can be opened', async () => {
    for (const [host, shown] of [
      ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
      ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
      ['localhost', /^http:\/\/localhost:\d+$/],
    ] as const) {
      server = createHttpServer([says('/', 'root')], pino({ level: 'silent' }));
      const address = await server.listen(host, 0);
      expect(address).toMatch(shown);
      expect(await (await fetch(address)).text()).toBe('root');
      await server.close();
    }
  });

  it('says why it cannot listen, and what helps', async () => {
    const { port } = new URL(await serve());
    const second = createHttpServer([], pino({ level: 'silent' }));
    await expect(second.listen('127.0.0.1', Number(port))).rejects.toMatchObject({
      message: `Port ${port} on 127.0.0.1 is in use by another program.`,
      remedy: expect.stringContaining('set PORT to a free port'),
    });
    // An address for documentation, which no machine has: RFC 5737.
    const third = createHttpServer([], pino({ level: 'silent' }));
    await expect(third.listen('192.0.2.1', 0)).rejects.toMatchObject({
      message: 'Cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL).',
      remedy: expect.stringMatching(/^Set HOST to an address of this machine/),
    });
    await second.close();
    await third.close();
  });

  it('takes a request that its client broke off for no fault of its own', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const begun = Promise.withResolvers<void>();
    const route: Route = {
      path: '/upload',
      async handle(request) {
        begun.resolve();
        for await (const _ of request);
      },
    };
    server = createHttpServer([route], log);
    const url = `${await server.listen('127.0.0.1', 0)}/upload?secret`;
    const call = request(url, { method: 'POST', headers: { 'content-length': '10' } });
    call.on('error', () => {});
    call.write('half');
    await begun.promise;
    call.destroy();
    await expect
      .poll(() => lines.map((line) => JSON.parse(line)))
      .toMatchObject([{ level: 20, path: '/upload', msg: 'an HTTP request was interrupted' }]);
  });

  it('closes although an answer goes on', async () => {
    const address = await serve({
      path: '/',
      handle(_request, response) {
        response.writeHead(200);
        response.write('an event');
      },
    });
    const response = await fetch(address);
    await server.close();
    await expect(response.text()).rejects.toThrow();
  });
});
