import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An API like those of the platforms, in a process of its own: prints its port, and ends with its standard input. Each request is
 * answered with 300 characters of JSON and the headers of a rate limit.
 */
const BODY = JSON.stringify({ id: '1', content: 'x'.repeat(300) });
const HEADERS = {
  'content-type': 'application/json',
  'x-ratelimit-limit': '5',
  'x-ratelimit-remaining': '4',
  'x-ratelimit-reset-after': '1.0',
};

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, HEADERS).end(BODY));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on('end', () => process.exit());
