import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createFakeProvider,
  type FakeProvider,
  json,
  type Reply,
  raw,
} from '../../support/provider/fake-provider.ts';
import { createTestClient, eventsOf, never, QUESTION, readAll } from '../../support/provider/test-client.ts';

const OWN_KEY = 'sk-or-v1-0123456789abcdef';
const PROMPT = 'a very private question';
const request = { ...QUESTION, messages: [{ role: 'user', content: PROMPT }], apiKey: OWN_KEY } as const;

let fake: FakeProvider;
beforeEach(async () => {
  fake = await createFakeProvider();
});
afterEach(() => fake.close());

/** A server that quotes whatever it was sent, wherever it can. */
const quoting =
  (status: number): Reply =>
  (response, incoming) => {
    const quote = `${incoming.headers.authorization} ${incoming.body.messages[0].content}`;
    const fields = {
      message: quote,
      code: OWN_KEY,
      type: quote,
      metadata: { flagged_input: quote, error_type: OWN_KEY },
    };
    return json(status, { error: fields })(response, incoming);
  };

describe('a key or a prompt never shows', () => {
  it.each([
    ['an error that quotes both', quoting(400)],
    ['an error that quotes both, each time it is tried', quoting(500)],
    ['an error inside HTTP 200 that quotes both', quoting(200)],
    ['a page that quotes both', raw(200, `${OWN_KEY} ${PROMPT}`, { 'content-type': 'text/html' })],
    ['a broken JSON body', raw(200, `{"${OWN_KEY}": "${PROMPT}`, { 'content-type': 'application/json' })],
    ['a broken line', raw(200, `data: ${OWN_KEY} ${PROMPT}\n\n`, { 'content-type': 'text/event-stream' })],
  ])('after %s', async (_, reply) => {
    fake.script(reply, reply, reply, reply);
    const { provider, logged } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, request, never));
    expect(error?.name).toBe('ProviderError');
    expectNoSecret(error, logged());
  });

  it('when the key cannot be put into a header', async () => {
    const { provider, logged } = createTestClient(fake);
    const broken = `${OWN_KEY}\n`;
    const { error } = await readAll(eventsOf(provider, { ...request, apiKey: broken }, never));
    expect(error).toMatchObject({ code: 'bad_key' });
    expectNoSecret(error, logged());
  });

  it('when fetch itself quotes the headers that it was given', async () => {
    const { provider, logged } = createTestClient(fake, {
      fetch: (_, init) => {
        const inner = new Error(`refused: ${new Headers(init?.headers).get('authorization')}`);
        return Promise.reject(new TypeError('fetch failed', { cause: inner }));
      },
    });
    const { error } = await readAll(eventsOf(provider, request, never));
    expect(error).toMatchObject({ code: 'unreachable' });
    expectNoSecret(error, logged());
  });
});

function expectNoSecret(error: unknown, logged: string): void {
  const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + logged;
  expect(shown).not.toContain(OWN_KEY);
  expect(shown).not.toContain(PROMPT);
}
