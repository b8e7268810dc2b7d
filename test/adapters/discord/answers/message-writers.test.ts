import { expect, it } from 'vitest';
import { ChannelWriter, WebhookWriter } from '../../../../src/adapters/discord/answers/message-writers.ts';
import { createRest } from '../../../../src/adapters/discord/rest/rest.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const never = new AbortController().signal;

it.each(['channel', 'interaction'] as const)(
  'keeps room for a last state, however many updates want to go: by %s',
  async (way) => {
    const clock = createFakeClock();
    const limiters = createWriteLimiters(clock);
    const rest = createRest({ apiUrl: 'http://127.0.0.1:1', token: 'x', fetch, clock, limiters });
    const { editScope } =
      way === 'channel'
        ? new ChannelWriter(rest, '1')
        : new WebhookWriter(rest, { id: '1', applicationId: '2', token: 'x' });
    const write = (urgency: 'interim' | 'last', text: string) =>
      limiters.run(
        editScope,
        () => urgency,
        async () => void written.push(text),
        never,
      );
    const written: string[] = [];
    for (let each = 0; each < 20; each++) void write('interim', 'more').catch(() => {});
    await clock.advance(editScope.windowMs - 1);
    expect(written).toHaveLength(editScope.limit - 1);
    void write('last', 'the end').catch(() => {});
    await clock.advance(0);
    expect(written.at(-1)).toBe('the end');
  },
);
