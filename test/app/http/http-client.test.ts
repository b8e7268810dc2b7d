import { getEventListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { RequestUnsent } from '../../../src/core/ports/request-unsent.ts';
import { LOCALHOST } from '../../support/certificates.ts';
import { openProxy } from '../../support/proxy.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((request, response) => void handle(request, response)).on(
    'connection',
    () => connections++,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
  };
}

/** Answers whatever is asked, byte by byte as it is told to. */
async function serveRaw(answer: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {}).once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A connection that has carried one answer; `socket` is the server's end. */
async function openIdle() {
  const sockets: Socket[] = [];
  const url = await serveRaw((socket) => {
    sockets.push(socket);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  });
  const fetch = createFetch();
  await (await fetch(url)).text();
  await sleep(5);
  const [socket] = sockets;
  if (socket === undefined) throw new Error('nobody connected');
  return { fetch, url, socket };
}

async function serveProxy(target: string) {
  const proxy = await openProxy(target);
  closing.push(() => proxy.close());
  return proxy;
}

describe('fetch through a proxy', () => {
  it('leaves through it, with its name and password, body and stream whole', async () => {
    const { url } = await serve(async (incoming, response) => {
      response.write(`${incoming.headers.host} `);
      response.end(await text(incoming));
    });
    const proxy = await serveProxy(url);
    const fetch = createFetch({ HTTP_PROXY: `http://me:secret@${proxy.url}` });
    const response = await fetch('http://provider.test/v1', { method: 'POST', body: 'x'.repeat(200_000) });
    expect(await response.text()).toBe(`provider.test ${'x'.repeat(200_000)}`);
    const pass = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(proxy.asked).toEqual([`POST http://provider.test/v1 ${pass}`]);
  });

  it('is led through to servers whose certificate it checks itself', async () => {
    const server = createHttpsServer(LOCALHOST, (_, response) => void response.end('in private'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const proxy = await serveProxy(`https://127.0.0.1:${port}`);
    const fetch = createFetch({ HTTPS_PROXY: `http://${proxy.url}` });
    await expect(fetch('https://provider.test/')).rejects.toMatchObject({ message: 'fetch failed' });
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, LOCALHOST.cert]);
    closing.push(() => setDefaultCACertificates(before));
    // The certificate is for localhost alone.
    await expect(fetch('https://provider.test/')).rejects.toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(proxy.asked).toEqual(['CONNECT provider.test:443', 'CONNECT provider.test:443']);
  });

  it('goes past it to hosts of NO_PROXY and of this machine', async () => {
    const { url } = await serve((_, response) => void response.end('here'));
    const proxy = await serveProxy(url);
    const fetch = createFetch({ HTTP_PROXY: `http://${proxy.url}`, NO_PROXY: '.invalid' });
    expect(await (await fetch(url)).text()).toBe('here');
    await expect(fetch('http://models.invalid/')).rejects.toMatchObject({ message: 'fetch failed' });
    expect(proxy.asked).toEqual([]);
  });

  it('fails with the cause where the proxy is not there', async () => {
    await expect(
      createFetch({ HTTPS_PROXY: 'http://127.0.0.1:9' })('https://provider.test/'),
    ).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED' },
    });
  });
});

describe('fetch', () => {
  it('sends method, headers and text, and reads status, headers and body', async () => {
    const { url } = await serve(async (request, response) => {
      const { 'x-key': key, 'user-agent': agent } = request.headers;
      const seen = { method: request.method, key, agent, body: await text(request) };
      response.writeHead(201, { 'x-limit': '5', 'set-cookie': ['a=1', 'b=2'] }).end(JSON.stringify(seen));
    });
    const response = await createFetch()(`${url}/path?query`, {
      method: 'PATCH',
      headers: { 'X-Key': 'k' },
      body: 'Grüße',
    });
    expect([response.status, response.ok]).toEqual([201, true]);
    const names = ['X-Limit', 'set-cookie', 'x-none', 'constructor'];
    expect(names.map((name) => response.headers.get(name))).toEqual(['5', 'a=1,b=2', null, null]);
    expect(JSON.parse(await response.text())).toEqual({
      method: 'PATCH',
      key: 'k',
      agent: 'Parley',
      body: 'Grüße',
    });
  });

  it('sends forms with files', async () => {
    const { url } = await serve(async (request, response) => {
      const body = await buffer(request);
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const form = await new Response(body, { headers }).formData();
      response.end(`${form.get('note')} ${(form.get('file') as File).name}`);
    });
    const form = new FormData();
    form.append('note', 'a chart');
    form.append('file', new Blob(['…']), 'chart.png');
    const response = await createFetch()(url, { method: 'POST', body: form });
    expect(await response.text()).toBe('a chart chart.png');
  });

  it.each([204, 205, 304])('takes a %i, which has no body', async (status) => {
    const { url, connections } = await serve((_, response) => void response.writeHead(status).end());
    const fetch = createFetch();
    for (let times = 0; times < 3; times++) {
      const response = await fetch(url);
      expect([response.status, response.body]).toEqual([status, null]);
      await sleep(1);
    }
    expect(connections()).toBe(1);
  });

  it('follows no redirect', async () => {
    const { url } = await serve((_, response) => void response.writeHead(307, { location: '/there' }).end());
    expect((await createFetch()(url)).status).toBe(307);
  });

  it('uses a connection again, also where the reader left when it had read enough of a whole answer', async () => {
    const { url, connections } = await serve((_, response) => void response.end('all of it'));
    const fetch = createFetch();
    await (await fetch(url)).text();
    await sleep(5);
    const reader = (await fetch(url)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await sleep(5);
    await (await fetch(url)).text();
    expect(connections()).toBe(1);
  });

  it('takes from the network what is asked for, and one piece more', async () => {
    let sent = 0;
    const { url } = await serve(async (_, response) => {
      const piece = Buffer.alloc(1024 * 1024);
      while (!response.destroyed && sent < 200) {
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
        sent++;
      }
    });
    const reader = (await createFetch()(url)).body?.getReader();
    await reader?.read();
    let before = -1;
    while (sent > before) {
      before = sent;
      await sleep(100);
    }
    // As much as the system's buffers hold, and far from all.
    expect(sent).toBeLessThan(50);
    await reader?.cancel();
  });

  it('ends a read that waits when the reader leaves, and every later one', async () => {
    const { url } = await serve((_, response) => void response.write('some'));
    const reader = (await createFetch()(url)).body?.getReader();
    await reader?.read();
    const waiting = reader?.read();
    await reader?.cancel();
    await reader?.cancel();
    expect([await waiting, await reader?.read()]).toEqual([{ done: true }, { done: true }]);
  });

  it('hands over in one piece what came since the last read', async () => {
    const asked = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const { url } = await serve(async (_, response) => {
      response.write('one');
      await asked.promise;
      for (const word of [' two', ' three']) response.write(word);
      response.write(' four', () => written.resolve());
    });
    const reader = (await createFetch()(url)).body?.getReader();
    const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await read()).toBe('one');
    asked.resolve();
    await written.promise;
    expect(await read()).toBe(' two three four');
    await reader?.cancel();
  });

  it('hands over in one piece what came bit by bit since the last read', async () => {
    const asked = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const { url } = await serve(async (_, response) => {
      response.write('one');
      await asked.promise;
      for (const word of [' two', ' three', ' four']) {
        await sleep(20);
        response.write(word);
      }
      response.end(() => written.resolve());
    });
    const reader = (await createFetch()(url)).body?.getReader();
    const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await read()).toBe('one');
    asked.resolve();
    await written.promise;
    await sleep(20);
    expect(await read()).toBe(' two three four');
    expect(await read()).toBe('');
  });

  it('ends the request when its signal aborts, before the headers and after', async () => {
    const closed: string[] = [];
    const { url } = await serve((request, response) => {
      response.once('close', () => closed.push(request.url ?? ''));
      if (request.url === '/slow') response.write('some');
    });
    const fetch = createFetch();
    const stop = new AbortController();
    const silent = fetch(`${url}/silent`, { signal: stop.signal });
    const slow = await fetch(`${url}/slow`, { signal: stop.signal });
    const reading = slow.text();
    await sleep(20);
    stop.abort(new Error('stopped'));
    await expect(silent).rejects.toBe(stop.signal.reason);
    await expect(reading).rejects.toBe(stop.signal.reason);
    while (closed.length < 2) await sleep(1);
    await expect(slow.text()).rejects.toBe(stop.signal.reason);
    await expect(fetch(url, { signal: stop.signal })).rejects.toBe(stop.signal.reason);
  });

  it('leaves nothing on the signal of an answer that is over, however it ended', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/empty') response.writeHead(204).end();
      else if (request.url === '/whole') response.end('all of it');
      else if (request.url === '/broken') response.destroy();
      else response.write('the first of many');
    });
    const { signal } = new AbortController();
    const fetch = createFetch();
    await fetch(`${url}/empty`, { signal });
    await (await fetch(`${url}/whole`, { signal })).text();
    await expect(fetch(`${url}/broken`, { signal })).rejects.toThrow('fetch failed');
    await (await fetch(`${url}/endless`, { signal })).body?.cancel();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('sends no request whose signal aborts before there is a connection', async () => {
    let requests = 0;
    const { url } = await serve((_, response) => {
      requests++;
      response.end('Yes.');
    });
    const fetch = createFetch();
    const stopping = new AbortController();
    const stopped = fetch(url, { signal: stopping.signal });
    await Promise.resolve();
    await Promise.resolve();
    stopping.abort(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
    expect(await (await fetch(url)).text()).toBe('Yes.');
    expect(requests).toBe(1);
  });

  it('fails with the cause where nobody listens, and where the answer breaks off', async () => {
    await expect(createFetch()('http://127.0.0.1:9')).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED' },
    });
    const { url } = await serve((_, response) => {
      response.write('some');
      setTimeout(() => response.destroy(), 10);
    });
    await expect((await createFetch()(url)).text()).rejects.toMatchObject({ message: 'terminated' });
  });

  it.each([
    ['refused', async () => createFetch()('http://127.0.0.1:9')],
    ['to a host without an address', async () => createFetch()('http://models.invalid')],
    [
      'to a server whose certificate is not trusted',
      async () => {
        const server = createHttpsServer(LOCALHOST);
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        closing.push(() => server.close());
        return createFetch()(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      },
    ],
    [
      'refused by a proxy',
      async () => {
        const proxy = await serveRaw((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
        return createFetch({ HTTPS_PROXY: proxy })('https://provider.test');
      },
    ],
    [
      'reset while it was idle',
      async () => {
        const { fetch, url, socket } = await openIdle();
        socket.resetAndDestroy();
        return fetch(url, { method: 'POST', body: 'more' });
      },
    ],
  ])('tells that nothing was sent over a connection that was %s', async (_, ask) => {
    await expect(ask()).rejects.toBeInstanceOf(RequestUnsent);
  });

  it.each([
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['closed', (socket: Socket) => socket.destroy()],
  ])(
    'leaves open if something was sent over a connection that was %s as the request was written',
    async (_, end) => {
      const { fetch, url, socket } = await openIdle();
      // Runs after the last look at the idle connection, and before the write.
      setImmediate(() => end(socket));
      const error = await fetch(url, { method: 'POST', body: 'more' }).catch((error: unknown) => error);
      expect(error).toMatchObject({ message: 'fetch failed' });
      expect(error).not.toBeInstanceOf(RequestUnsent);
    },
  );

  it('opens a new connection if the idle one was closed', async () => {
    const { fetch, url, socket } = await openIdle();
    socket.destroy();
    expect(await (await fetch(url, { method: 'POST', body: 'more' })).text()).toBe('hi');
  });

  it.each([
    ['ends with its connection', 'HTTP/1.1 200 OK\r\n\r\n', 'one'],
    ['is HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n', 'one'],
    ['says that it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n', 'one'],
    ['is empty', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', ''],
  ])('delivers an answer that %s, however late it is read', async (_, head, body) => {
    const url = await serveRaw((socket) => socket.end(head + body));
    const response = await createFetch()(url);
    await sleep(30);
    expect(await response.text()).toBe(body);
  });

  it('passes on a status that HTTP does not know, which is no success', async () => {
    const url = await serveRaw((socket) => socket.write('HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\nhi'));
    const response = await createFetch()(url);
    expect([response.status, response.ok, await response.text()]).toEqual([999, false, 'hi']);
  });

  it('delivers what came before the connection broke, however late that is read', async () => {
    const sockets: Socket[] = [];
    const url = await serveRaw((socket) => {
      sockets.push(socket);
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    });
    const response = await createFetch()(url);
    const reader = response.body?.getReader();
    const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await read()).toBe('one');
    sockets[0]?.write('4\r\n two\r\n');
    await sleep(20);
    sockets[0]?.end('6\r\n three\r\n');
    await sleep(50);
    let rest = '';
    await expect(
      (async () => {
        for (;;) rest += await read();
      })(),
    ).rejects.toMatchObject({ message: 'terminated' });
    expect(rest).toBe(' two three');
  });

  it('speaks HTTPS with those whose certificate is trusted, and takes what came meanwhile in few reads', async () => {
    const words = Array.from({ length: 40 }, (_, index) => `word ${index}\n`);
    const server = createHttpsServer(LOCALHOST, async (_, response) => {
      for (const word of words) {
        response.write(word);
        await sleep(2);
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    await expect(createFetch()(url)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });

    const trusted = getCACertificates();
    closing.push(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([LOCALHOST.cert]);
    let reads = 0;
    let got = '';
    for await (const part of (await createFetch()(url)).body ?? []) {
      reads++;
      got += Buffer.from(part).toString();
      await sleep(50);
    }
    expect(got).toBe(words.join(''));
    expect(reads).toBeLessThan(words.length / 2);
  });
});
