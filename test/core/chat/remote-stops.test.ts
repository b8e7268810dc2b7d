import { expect, it } from 'vitest';
import { createLiveAnswers } from '../../../src/core/chat/live-answers.ts';
import { createRemoteStops } from '../../../src/core/chat/remote-stops.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { collect } from '../../support/collect.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { testActor } from '../../support/test-bot.ts';

it('a wish to stop reaches the process that writes the answer, and is forgotten after a minute', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  const { records } = store;
  const [here, there] = [createLiveAnswers(), createLiveAnswers()];
  const stopped: string[] = [];
  for (const id of ['wanted', 'other']) {
    there.add({
      id,
      eventId: id,
      guild: 'slack:1',
      user: 'mia',
      conversation: id,
      channel: 'c',
      stop: (cause) => stopped.push(`${id}: ${cause.kind === 'person' ? cause.name : cause.kind}`),
    });
  }
  const sender = createRemoteStops({ records, live: here, clock, log });
  const writer = createRemoteStops({ records, live: there, clock, log });

  await sender.send('wanted', testActor('mia'));
  await clock.advance(1_000);
  expect(stopped).toEqual(['wanted: Mia']);
  there.delete('wanted');
  await clock.advance(120_000);
  expect(await collect(records.query({ kind: 'stop' }))).toEqual([]);
  expect(stopped).toEqual(['wanted: Mia']);

  await sender.stop();
  await writer.stop();
  await store.close();
});
