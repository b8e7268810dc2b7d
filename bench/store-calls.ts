import { pino } from 'pino';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { openStore } from '../src/store/open-store.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  type TestBot,
  testSurface,
} from '../test/support/test-bot.ts';
import { countCalls } from './support/counted-store.ts';
import type { Row } from './support/row.ts';

/** How often one short answer goes to the store, from the claim before the acknowledgement to the end of the event. */
export async function measureStoreCalls(): Promise<Row[]> {
  const calls: string[] = [];
  const log = pino({ level: 'silent' });
  const store = await openStore('memory:', { clock: systemClock, log });
  const bot = await createTestBot({ store: countCalls(store, (call) => calls.push(call)) });
  const rows: Row[] = [];
  for (const [name, answer, wanted] of [
    ['a thread', inThread, 16],
    ['/ask', byCommand, 13],
  ] as const) {
    // The first one in a place begins what later ones find.
    await answer(bot);
    calls.length = 0;
    await answer(bot);
    if (process.argv.includes('--calls')) console.log(`${name}\n  ${calls.join('\n  ')}`);
    rows.push({ name: `store calls of a short answer in ${name}`, value: calls.length, unit: '', wanted });
  }
  await bot.close();
  await store.close();
  return rows;
}

async function inThread({ dispatch, provider }: TestBot): Promise<void> {
  const surface = testSurface({ isOverheard: true });
  const message = messageOf('And then?', { place: { key: 'discord:thread/1' }, surface, addressed: false });
  provider.answer('One line.');
  await dispatch.claim({ id: message.id, place: message.place, surface, addressed: true });
  await dispatch.message({ ...message, address: { ...message.address, mentionsBot: true } });
}

async function byCommand({ dispatch, provider }: TestBot): Promise<void> {
  const invocation = invocationOf('ask', { prompt: 'Why?' });
  const { id, place, surface } = invocation;
  provider.answer('One line.');
  await dispatch.claim({ id, place, surface, addressed: true });
  await dispatch.command(invocation);
}
