import { expect, it } from 'vitest';
import type { Question } from '../../../../src/core/chat/question/job.ts';
import { waitForSlot } from '../../../../src/core/chat/question/slot-queue.ts';
import { createSlots } from '../../../../src/core/kit/scheduling/slots.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { messageOf } from '../../../support/test-bot.ts';

it('says how a question stands in the queue, and again only when that has changed, five seconds later at the earliest', async () => {
  const clock = createFakeClock();
  const slots = createSlots({ max: 1, maxPerGuild: 1, maxWaiting: 5, maxWaitingPerGuild: 5, clock });
  const never = new AbortController().signal;
  const ask = (surface: Question['surface'], place: Question['place']) =>
    waitForSlot(slots, clock, { surface, place } as Question, never);
  const [first, second, third] = [messageOf('One?'), messageOf('Two?'), messageOf('Three?')];
  const slot = await ask(first.surface, first.place);
  const next = ask(second.surface, second.place);
  const last = ask(third.surface, third.place);
  const places = () => third.surface.queueWords.map((words) => /number (\d+)/.exec(words)?.[1]);
  await clock.advance(12_000);
  expect(places()).toEqual(['2']);
  if (slot.ok) slot.release();
  const held = await next;
  await clock.advance(2_999);
  expect(places()).toEqual(['2']);
  await clock.advance(1);
  expect(places()).toEqual(['2', '1']);
  if (held.ok) held.release();
  await last;
});

it('waits without a word if the platform shows none', async () => {
  const clock = createFakeClock();
  const slots = createSlots({ max: 1, maxPerGuild: 1, maxWaiting: 5, maxWaitingPerGuild: 5, clock });
  const { surface, place } = messageOf('Hi');
  const { waits: _, ...others } = surface;
  const silent: Question['surface'] = others;
  const ask = () =>
    waitForSlot(slots, clock, { surface: silent, place } as Question, new AbortController().signal);
  const slot = await ask();
  const next = ask();
  await clock.advance(6_000);
  if (slot.ok) slot.release();
  expect(await next).toMatchObject({ ok: true });
});
