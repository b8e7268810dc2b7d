import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { DownloadRefused, download } from '../../../src/core/ports/download.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Fetches from a host with a credential for it, 1,000 bytes at most. */
function fetchFrom(url: string, host: string) {
  const options = { url, origins: new Set([host]), headers: { authorization: 'Bearer secret' } };
  return download({ ...options, fetch: createFetch(), maxBytes: 1_000 }, new AbortController().signal);
}

describe('a file on a platform', () => {
  it('is not followed to where its host redirects: another host is asked nothing', async () => {
    const asked: string[] = [];
    const inside = await serve((request, response) => {
      asked.push(String(request.headers.authorization));
      response.end('a secret of the machine');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const host = await serve((_, response) => response.writeHead(status, { location: inside }).end());
      await expect(fetchFrom(`${host}/file`, host)).rejects.toThrow(DownloadRefused);
    }
    expect(asked).toEqual([]);
  });

  it.each([
    'http://127.0.0.1:1/x',
    'http://[::1]/x',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1/x',
    'https://files.example.com.evil.example/x',
    'https://files.example.com@evil.example/x',
    'http://files.example.com/x',
    'https://files.example.com:8443/x',
    'file:///etc/passwd',
    'data:text/plain,hello',
    'nonsense',
  ])('is asked for at no other address: %s', async (url) => {
    await expect(fetchFrom(url, 'https://files.example.com')).rejects.toThrow(/stored elsewhere/);
  });

  it('is not read on if its host refuses it', async () => {
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
    };
    const options = {
      url: 'https://files.example.com/a',
      origins: new Set(['https://files.example.com']),
      fetch: async () => new Response(new ReadableStream({ cancel }), { status: 403 }),
      maxBytes: 1_000,
    };
    await expect(download(options, new AbortController().signal)).rejects.toThrow(DownloadRefused);
    expect(isCancelled).toBe(true);
  });

  it('comes whole, with the headers of its request, up to the limit', async () => {
    const asked: unknown[] = [];
    const fetching = (bytes: number, headers = {}) =>
      download(
        {
          url: 'https://files.example.com/a',
          origins: new Set(['https://files.example.com']),
          headers: { authorization: 'Bearer secret' },
          fetch: async (url, init) => {
            asked.push([url, init?.headers, init?.redirect]);
            return new Response(new Uint8Array(bytes).fill(7), { headers });
          },
          maxBytes: 1_000,
        },
        new AbortController().signal,
      );
    expect(await fetching(1_000)).toEqual(new Uint8Array(1_000).fill(7));
    expect(asked).toEqual([['https://files.example.com/a', { authorization: 'Bearer secret' }, 'manual']]);
    expect(await fetching(0)).toHaveLength(0);
    await expect(fetching(1_001)).rejects.toThrow('It is larger than 0 MB.');
    await expect(fetching(10, { 'content-length': '1001' })).rejects.toThrow('It is larger than 0 MB.');
    expect(await fetching(10, { 'content-length': '1000' })).toHaveLength(10);
    expect(new DownloadRefused(403)).toMatchObject({
      name: 'DownloadRefused',
      code: 'download_refused',
      status: 403,
      message: 'a download failed with HTTP 403',
    });
  });

  it('ends as soon as too much has come, whatever its host says of its length', async () => {
    let closed = Promise.withResolvers<void>();
    const host = await serve((request, response) => {
      response.once('close', closed.resolve);
      if (request.url === '/honest') response.setHeader('content-length', 1_000_000_000);
      const more = () => {
        while (response.write(Buffer.alloc(600)));
      };
      response.on('drain', more);
      more();
    });
    for (const path of ['/honest', '/endless']) {
      closed = Promise.withResolvers();
      await expect(fetchFrom(host + path, host)).rejects.toThrow(/larger than 0 MB/);
      await closed.promise;
    }
  });
});
