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
