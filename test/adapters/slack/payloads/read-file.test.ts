import { expect, it } from 'vitest';
import { SlackRefusal, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { createFileReader } from '../../../../src/adapters/slack/payloads/read-file.ts';

const URL_OF_FILE = 'https://files.slack.com/files-pri/T1-F1/chart.png';

/** Reads a file of which an event names the id alone, from a Slack that answers so. */
function read({
  url,
  info,
  download = new Response('bytes'),
}: {
  url?: string;
  info?: object | Error;
  download?: Response;
}) {
  const asked: string[] = [];
  const reader = createFileReader({
    workspace: {
      async call(method: string, args: object) {
        asked.push(`${method} ${JSON.stringify(args)}`);
        if (info instanceof Error) throw info;
        return { file: info };
      },
    } as unknown as Workspace,
    botToken: 'xoxb-1',
    apiUrl: 'https://slack.com/api/',
    async fetch(input, init) {
      asked.push(`${input} ${new Headers(init?.headers).get('authorization')}`);
      return download;
    },
  });
  const reference = JSON.stringify({ id: 'F1', url: url ?? null });
  return { bytes: reader(reference, 1_000, new AbortController().signal), asked };
}

it('asks for the address of a file that an event only names', async () => {
  for (const info of [
    { url_private_download: URL_OF_FILE, url_private: 'https://other.test/' },
    { url_private: URL_OF_FILE },
  ]) {
    const { bytes, asked } = read({ info });
    expect(Buffer.from(await bytes).toString()).toBe('bytes');
    expect(asked).toEqual(['files.info {"file":"F1"}', `${URL_OF_FILE} Bearer xoxb-1`]);
  }
});

it('sends the token to no other host', async () => {
  const { bytes, asked } = read({ url: 'https://files.slack.com.attacker.example/chart.png' });
  await expect(bytes).rejects.toThrow(/^It is stored elsewhere/);
  expect(asked).toEqual([]);
});

it.each([
  ['has no address', {}, /^It is no longer on Slack/],
  ['may not be looked up', new SlackRefusal('files.info', 'missing_scope', 'files:read', []), /files:read/],
  ['cannot be looked up now', new SlackUnreachable('Slack did not answer'), /^Slack did not answer/],
])('says why a file that %s cannot be read', async (_, info, words) => {
  await expect(read({ info }).bytes).rejects.toThrow(words);
});

it.each([
  ...[301, 302, 303, 307, 308, 401, 403].map((status) => [status, /files:read/] as const),
  ...[404, 410].map((status) => [status, /^It is no longer on Slack/] as const),
  [500, /^a download failed with HTTP 500/] as const,
])('says why a file cannot be read whose download ends with %d', async (status, words) => {
  const { bytes } = read({ url: URL_OF_FILE, download: new Response(null, { status }) });
  await expect(bytes).rejects.toThrow(words);
});
