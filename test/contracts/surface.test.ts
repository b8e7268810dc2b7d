import { createWriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import { PassingFault, RateLimited } from '../../src/core/ports/delivery-errors.ts';
import type { MessageView } from '../../src/core/ports/surface.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { createMemoryLimiter, createMemorySurface, type PlannedFault } from '../support/memory-surface.ts';
import { surfaceContract, type WireFault } from './surface.ts';

/** As Slack does it: `<` is live syntax unless it is written as an entity, which takes four characters. */
const neutral = (text: string) => text.replaceAll('<', '&lt;');

function rendered({ text, note, footer }: MessageView): string {
  return neutral([text, note, footer].filter((piece) => piece !== null && piece !== '').join('\n'));
}

function planOf(fault: WireFault): Omit<PlannedFault, 'on'> {
  switch (fault.kind) {
    case 'rate-limited':
      return { error: new RateLimited(fault.retryAfterMs) };
    case 'unavailable':
      return { error: new PassingFault('503') };
    case 'lost':
      return { error: new PassingFault('connection reset'), when: 'after' };
    case 'silent':
      return { error: 'silence' };
  }
}

surfaceContract('memory', {
  lacks: ['refuseFiles'],
  async open() {
    const clock = createFastClock();
    const limiter = createMemoryLimiter(clock);
    const surface = createMemorySurface({
      clock,
      limiter,
      latencyMs: 100,
      reference: 'memory',
      limits: { maxChars: 1_500, lengthOf: (text) => neutral(text).length },
    });
    const toldPrivately = () => surface.privateTexts.map((notice) => neutral(notice.text));
    const shown = () =>
      surface.messages.flatMap((message) => message.views.map(({ view }) => rendered(view)));
    return {
      surface,
      clock,
      limiters: createWriteLimiters(clock),
      async reopen({ reference, answerId }) {
        const [, known] = /^memory#(\d+)$/.exec(reference) ?? [];
        return known === undefined ? null : surface.reopen(Number(known), answerId);
      },
      pingSpellings: ['<@ada>', '<!channel>'],
      pings: () => [...shown(), ...toldPrivately()].join('\n').match(/<[@!]\w+>/g)?.length ?? 0,
      filesSeen: () =>
        surface.messages.flatMap(({ views }) => views.at(-1)?.view.files?.map(({ name }) => name) ?? []),
      violations: () => [
        ...surface.violations.filter((violation) => !violation.endsWith('it shows that already')),
        ...Array.from({ length: limiter.refusals }, () => 'a rate limit was run into'),
      ],
      readMessages: async () =>
        surface.messages
          .filter((message) => !message.isRemoved)
          .flatMap((message) => message.views.at(-1) ?? [])
          .map(({ view }) => ({ text: rendered(view).replaceAll('&lt;', '<'), buttons: view.buttons })),
      readAs: async (reader) => (reader === 'asker' ? toldPrivately().join('\n') : ''),
      shut: async () => surface.shut('forbidden'),
      deleteMessage: async (index) => surface.remove(index),
      failNext: (on, fault) => surface.fail({ on, ...planOf(fault) }),
      close: async () => {},
    };
  },
});
