import { expect, it, onTestFinished } from 'vitest';
import { createOnce } from '../../../src/core/coordination/once.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

it('does nothing twice, although a process whose clock is slow asks for it after its time', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
  const done: string[] = [];
  const untilMs = clock.now() + 60_000;
  async function ask(owner: string): Promise<void> {
    const once = createOnce({ store, owner, clock, log });
    once.do('warning', untilMs, 'warn', async () => void done.push(owner));
    await once.stop();
  }
  await ask('p');
  await clock.advance(60_000);
  await ask('q');
  expect(done).toEqual(['p']);
});
