import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createJournal, type Journal } from '../../../src/core/coordination/journal.ts';
import { steadyClock, systemClock } from '../../../src/core/kit/time/clock.ts';
import { type Change, type ClaimStore, type Store, StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf, writeJournal } from '../../support/changes.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { saidIn } from '../../support/said.ts';
import {
  createTestBot,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';

let clock: FakeClock;
let store: Store;
let isAway: boolean;

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log: createLogRecorder().log });
  isAway = false;
  onTestFinished(() => store.close());
});

/** The store, whose claims fail while `isAway`. */
function unreliable(): Store {
  const claims = new Proxy(store.claims, {
    get(known, name: keyof ClaimStore) {
      return (...args: never[]) => {
        if (isAway) return Promise.reject(new StoreError('away'));
        return (known[name] as (...args: never[]) => Promise<unknown>)(...args);
      };
    },
  });
  const isOfClaim = ({ kind }: Change) => kind === 'journal' || kind === 'finish';
  const write: Store['write'] = (changes) =>
    isAway && changes.some(isOfClaim) ? Promise.reject(new StoreError('away')) : store.write(changes);
  return { ...store, claims, write };
}

/** The store; `onWrite` is told how many journals each call writes. */
function counted(onWrite: (journals: number) => void): Store {
  return {
    ...store,
    write(changes) {
      onWrite(changes.filter(({ kind }) => kind === 'journal').length);
      return store.write(changes);
    },
  };
}

/** The store, which can come back without its data; `onWrite` is called before each write after that. */
async function losing(onWrite = () => {}) {
  const fresh = await openStore('memory:', { clock, log: createLogRecorder().log });
  onTestFinished(() => fresh.close());
  let now = store;
  const changing: Store = {
    ...store,
    claims: {
      ...store.claims,
      claim: (...args) => now.claims.claim(...args),
      renew: (...args) => now.claims.renew(...args),
    },
    write(changes) {
      if (now === fresh) onWrite();
      return now.write(changes);
    },
  };
  const loseData = () => {
    now = fresh;
    return fresh;
  };
  return { changing, loseData };
}

function journalOf(owner: string, over = store): Journal {
  const journal = createJournal({ store: over, owner, clock, log: createLogRecorder().log });
  onTestFinished(() => journal.stop());
  return journal;
}

const surface = testSurface({ reference: 'somewhere' });
const answer = { id: 'a', model: 'm', askedAtMs: 1, images: 0, sealed: 0, message: null, ending: null };

describe('the journal', () => {
  it('gives an event to the first who begins it, also after its end and in another process', async () => {
    const [here, there] = [journalOf('p'), journalOf('q')];
    const entry = await here.claimEvent('event', 'discord', surface);
    expect(entry).not.toBeNull();
    expect(await there.claimEvent('event', 'discord', surface)).toBeNull();
    await entry?.end();
    expect(await here.claimEvent('event', 'discord', surface)).toBeNull();
    // Slack redelivers for an hour at most.
    await clock.advance(3_600_000);
    expect(await there.claimEvent('event', 'discord', surface)).toBeNull();
  });

  it('writes many entries some at a time, and each of them all the same', async () => {
    const written = new Map<number, number>();
    const journal = journalOf(
      'p',
      counted((count) => written.set(clock.now(), (written.get(clock.now()) ?? 0) + count)),
    );
    for (let index = 0; index < 120; index++) {
      const entry = await journal.claimEvent(`event ${index}`, 'discord', surface);
      entry?.watch(() => ({ ...answer, text: 'As far' }));
    }
    await clock.advance(3_000);
    expect([...written.values()]).toEqual([50, 50, 20]);
  });

  it('writes each of a thousand answers that grow at once every three seconds', async () => {
    let written = 0;
    const journal = journalOf(
      'p',
      counted((count) => {
        written += count;
      }),
    );
    for (let index = 0; index < 1_000; index++) {
      const entry = await journal.claimEvent(`event ${index}`, 'discord', surface);
      entry?.watch(() => ({ ...answer, text: 'x'.repeat(clock.now() % 100_000) }));
    }
    await clock.advance(3_000);
    written = 0;
    await clock.advance(30_000);
    const seconds = 30 / (written / 1_000);
    expect(Math.round(seconds)).toBe(3);
  });

  it('hands on what was written, from the claim on, when the process is dead for ten seconds', async () => {
    const dead = journalOf('p');
    await dead.claimEvent('early', 'discord', surface);
    const late = await dead.claimEvent('late', 'discord', surface);
    const asked = { guild: 'discord:1', user: '7', name: 'Mia' };
    late?.askedBy(asked);
    late?.watch(() => ({ ...answer, text: 'As far' }));
    await late?.keep();
    await dead.stop();
    const heir = journalOf('q');
    expect(await heir.takeOver()).toBeNull();
    await clock.advance(10_000);
    const found = [await heir.takeOver(), await heir.takeOver()];
    expect(found.map((orphan) => [orphan?.eventId, orphan?.written])).toEqual([
      ['early', { version: 1, platform: 'discord', place: 'somewhere#0', answer: null, asked: null }],
      [
        'late',
        {
          version: 1,
          platform: 'discord',
          place: 'somewhere#0',
          answer: { ...answer, text: 'As far' },
          asked,
        },
      ],
    ]);
    expect(await heir.takeOver()).toBeNull();
    for (const orphan of found) await orphan?.entry.end();
    await clock.advance(3_600_000);
    expect(await journalOf('r').takeOver()).toBeNull();
  });

  it('writes what has changed once in a while, and not for every word', async () => {
    let writes = 0;
    const one = counted(() => writes++);
    const entry = await journalOf('p', one).claimEvent('event', 'discord', surface);
    let text = '';
    entry?.watch(() => ({ ...answer, text }));
    for (let word = 0; word < 300; word++) {
      text += 'word ';
      await clock.advance(50);
    }
    expect(writes).toBe(10);
    await clock.advance(60_000);
    expect(writes).toBe(10);
  });

  it('renews the leases of what is under way for as long as it takes', async () => {
    await journalOf('p').claimEvent('event', 'discord', surface);
    await clock.advance(3_600_000);
    expect(await journalOf('q').takeOver()).toBeNull();
  });

  it('tells a process that was taken for dead that it has lost the event', async () => {
    const slow = journalOf('p');
    const entry = await slow.claimEvent('event', 'discord', surface);
    let text = 'One';
    entry?.watch(() => ({ ...answer, text }));
    await store.claims.takeOver('q', clock.now() + 60_000, clock.now() + 60_000);
    text = 'One two';
    await entry?.keep();
    expect(entry?.lost.aborted).toBe(true);
    await entry?.end();
    expect(await store.claims.takeOver('r', clock.now() + 120_000, clock.now())).toMatchObject({
      id: 'event',
    });
  });

  it('goes on where the store comes back without its data', async () => {
    const { changing, loseData } = await losing();
    const journal = journalOf('p', changing);
    const entry = await journal.claimEvent('event', 'discord', surface);
    let text = 'One';
    entry?.watch(() => ({ ...answer, text }));
    await entry?.keep();
    const fresh = loseData();
    text = 'One two';
    await entry?.keep();
    expect(entry?.lost.aborted).toBe(false);
    text = 'One two three';
    await entry?.keep();
    expect(await journalOf('q', fresh).claimEvent('event', 'discord', surface)).toBeNull();
    await entry?.end();
    await clock.advance(60_000);
    expect(await journalOf('r', fresh).takeOver()).toBeNull();
  });

  it('ends an event that the store has lost and is just told of again', async () => {
    let ended: Promise<void> | undefined;
    const { changing, loseData } = await losing(() => {
      ended ??= entry?.end();
    });
    const journal = journalOf('p', changing);
    const entry = await journal.claimEvent('event', 'discord', surface);
    entry?.watch(() => ({ ...answer, text: 'One' }));
    const fresh = loseData();
    await entry?.keep();
    await ended;
    await journal.stop();
    await clock.advance(60_000);
    expect(await journalOf('q', fresh).takeOver()).toBeNull();
  });

  it('offers what was left again when the lease has run out, to the same process too', async () => {
    const dead = journalOf('p');
    await dead.claimEvent('event', 'discord', surface);
    await dead.stop();
    await clock.advance(10_000);
    const heir = journalOf('q');
    const left = (await heir.takeOver())?.entry;
    left?.leave();
    // This process no longer owns the entry that it left, so it ends nothing.
    await left?.end();
    expect(() => heir.entry('event')).toThrow('no entry is open for the event event');
    expect(await heir.takeOver()).toBeNull();
    await clock.advance(10_000);
    expect((await heir.takeOver())?.eventId).toBe('event');
  });

  it('does not take its own events for orphans after its store was away', async () => {
    const journal = journalOf('p', unreliable());
    await journal.claimEvent('event', 'discord', surface);
    await clock.advance(3_000);
    isAway = true;
    await clock.advance(11_000);
    isAway = false;
    expect(await journal.takeOver()).toBeNull();
  });

  it('writes later what the store does not take now', async () => {
    const journal = journalOf('p', unreliable());
    const entry = await journal.claimEvent('event', 'discord', surface);
    entry?.watch(() => ({ ...answer, text: 'As far' }));
    isAway = true;
    await entry?.keep();
    await clock.advance(5_000);
    isAway = false;
    await clock.advance(3_000);
    await journal.stop();
    const orphan = await store.claims.takeOver('q', clock.now() + 60_000, clock.now());
    expect(orphan?.journal).toMatchObject({ answer: { text: 'As far' } });
  });

  it('ends what is dealt with, however long the store is away', async () => {
    const entry = await journalOf('p', unreliable()).claimEvent('event', 'discord', surface);
    isAway = true;
    await entry?.end();
    await clock.advance(60_000);
    isAway = false;
    await clock.advance(30_000);
    expect(await store.claims.takeOver('q', clock.now() + 60_000, clock.now())).toBeNull();
  });

  it('lets a claim lapse that the store took without saying so, and its event be told as not begun', async () => {
    const claims = {
      ...store.claims,
      async claim(...args: Parameters<ClaimStore['claim']>) {
        await store.claims.claim(...args);
        throw new StoreError('no answer');
      },
    };
    const journal = journalOf('p', { ...store, claims });
    await expect(journal.claimEvent('event', 'discord', surface)).rejects.toThrow(StoreError);
    expect(await journalOf('q').takeOver()).toBeNull();
    await clock.advance(10_000);
    expect(await journalOf('q').takeOver()).toMatchObject({ eventId: 'event', written: { answer: null } });
  });

  it('begins an event once that is delivered again just as its doubtful claim is looked for', async () => {
    const again: unknown[] = [];
    const late: unknown[] = [];
    const slow: Store = {
      ...unreliable(),
      async write(changes) {
        if (again.length === 0) again.push(await journal.claimEvent('event', 'discord', surface));
        return store.write(changes);
      },
    };
    const journal = journalOf('p', slow);
    const onLate = (entry: unknown) => void late.push(entry);
    isAway = true;
    await expect(journal.claimEvent('event', 'discord', surface, { onLate })).rejects.toThrow(StoreError);
    isAway = false;
    await clock.advance(1_000);
    expect(again).toEqual([journal.entry('event')]);
    expect(late).toEqual([]);
  });

  it('loses no event that is delivered again while the store is away', async () => {
    const journal = journalOf('p', unreliable());
    const entry = await journal.claimEvent('event', 'discord', surface);
    isAway = true;
    await journal.claimEvent('event', 'discord', surface).catch(() => {});
    isAway = false;
    await clock.advance(5_000);
    entry?.watch(() => ({ ...answer, text: 'As far' }));
    await entry?.keep();
    expect(entry?.lost.aborted).toBe(false);
    await clock.advance(60_000);
    expect(await journalOf('q').takeOver()).toBeNull();
  });

  it('hands on as empty what it cannot read', async () => {
    const claim = await store.claims.claim('event', 'p', clock.now(), clock.now());
    if (claim) await writeJournal(store, claim, { version: 99 });
    await clock.advance(1);
    expect(await journalOf('q').takeOver()).toMatchObject({ eventId: 'event', written: null });
  });
});

describe('two bots on one store', () => {
  let bots: TestBot[];

  beforeEach(async () => {
    const first = await createTestBot({ store });
    const second = await createTestBot({ store, provider: first.provider });
    bots = [first, second];
    for (const bot of bots) onTestFinished(() => bot.close());
  });

  const bot = (index: number) => bots[index] as TestBot;

  it('answer an event once that both are given', async () => {
    bot(0).provider.answer('Once.');
    const event = messageOf('Hello?', { id: 'event', place: { key: 'thread' } });
    await Promise.all(bots.map(({ dispatch }) => dispatch.message(event)));
    expect(event.surface.messages).toHaveLength(1);
    expect(bot(0).provider.chats).toHaveLength(1);
  });

  it('answer one after the other in one conversation, each knowing of the one before', async () => {
    const place = { key: 'thread' };
    const slow = bot(0).provider.live();
    const first = bot(0).dispatch.message(messageOf('One?', { place }));
    await slow.request;
    const second = messageOf('Two?', { place });
    const answering = bot(1).dispatch.message(second);
    await waitUntil(() => expect(second.surface.activities).toContain('queued'));
    expect(bot(0).provider.chats).toHaveLength(1);
    bot(0).provider.answer('Second.');
    await slow.text('First.');
    await slow.finish();
    await Promise.all([first, answering]);
    expect(saidIn(bot(0).provider.chats[1]?.body)).toEqual(['One?', 'First.', 'Two?']);
  });

  it('know each other’s buttons', async () => {
    bot(0).provider.answer('First.');
    const asked = messageOf('Hello?', { place: { key: 'thread' } });
    await bot(0).dispatch.message(asked);
    bot(0).provider.answer('Second.');
    const press = pressOf('retry', asked.surface.shown?.buttons[0]?.answerId ?? '');
    await bot(1).dispatch.press(press);
    expect(press.surface.text).toBe('Second.');
  });

  it('stop each other’s answers, for those who may', async () => {
    const live = bot(0).provider.live();
    const asked = messageOf('Hello?', { place: { key: 'thread' } });
    const answering = bot(0).dispatch.message(asked);
    await live.request;
    await live.text('As far');
    await waitUntil(() => expect(asked.surface.text).toBe('As far'));
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    const other = pressOf('stop', answerId, { actor: testActor('ben') });
    await bot(1).dispatch.press(other);
    expect(other.surface.privateTexts[0]?.text).toMatch(/Only Mia or an admin can stop/);
    const own = pressOf('stop', answerId);
    await bot(1).dispatch.press(own);
    expect(own.surface.privateTexts[0]?.text).toMatch(/about to end/);
    await answering;
    expect(asked.surface.text).toBe('As far');
    expect(asked.surface.shown).toMatchObject({ status: 'stopped', note: 'Stopped by Mia.' });
  });

  it('show and keep nothing more of an answer that another has taken over', async () => {
    const place = { key: 'thread' };
    const live = bot(0).provider.live();
    const asked = messageOf('Hello?', { id: 'event', place, surface: testSurface({ reference: 'place' }) });
    const answering = bot(0).dispatch.message(asked);
    const { closed } = await live.request;
    await live.text('As far');
    await waitUntil(() => expect(asked.surface.text).toBe('As far'));
    await store.claims.takeOver('another', Date.now() + 60_000, Date.now() + 600_000);
    await live.text(' as it got');
    await answering;
    expect(await closed).toBe('aborted');
    expect(asked.surface.shown?.status).toBe('streaming');
    const where = { guild: 'discord:1', channel: 'c1', ...place } as const;
    expect((await bot(1).services.chat.conversationAt(where))?.turns).toEqual([]);
  });
});

describe('a bot whose store is away', () => {
  it('refuses a question in words, and answers the next one when the store is back', async () => {
    const bot = await createTestBot({ store: unreliable() });
    onTestFinished(() => bot.close());
    isAway = true;
    const asked = messageOf('Hello?', { place: { key: 'thread' } });
    await bot.dispatch.message(asked);
    expect(asked.surface.privateTexts[0]?.text).toMatch(/cannot reach its database/);
    expect(bot.provider.chats).toEqual([]);
    isAway = false;
    bot.provider.answer('Here again.');
    const again = messageOf('Hello?', { place: { key: 'thread' } });
    await bot.dispatch.message(again);
    expect(again.surface.text).toBe('Here again.');
  });

  it('finishes what it was answering, whole and marked as complete', async () => {
    const bot = await createTestBot({ store: unreliable() });
    onTestFinished(() => bot.close());
    const live = bot.provider.live();
    const asked = messageOf('Hello?', { place: { key: 'thread' } });
    const answering = bot.dispatch.message(asked);
    await live.request;
    await live.text('As far');
    isAway = true;
    await live.text(' as it goes.');
    await live.finish();
    await answering;
    expect(asked.surface).toMatchObject({ text: 'As far as it goes.', privateTexts: [] });
    expect(asked.surface.shown?.status).toBe('complete');
    isAway = false;
  });

  it('stores which messages an answer has once the store is back, so that the answer can be deleted', async () => {
    const bot = await createTestBot({ store: unreliable(), clock });
    onTestFinished(() => bot.close());
    const live = bot.provider.live();
    const asked = messageOf('Hello?', { place: { key: 'thread' } });
    const answering = bot.dispatch.message(asked);
    await live.request;
    await live.text('All of it.');
    isAway = true;
    await live.finish();
    await answering;
    const messages = async () => {
      const answers = await Array.fromAsync(valuesOf(store, 'answers').entries());
      return answers.map(([, stored]) => (stored as { value: { messages?: unknown } }).value.messages);
    };
    expect(await messages()).toEqual([undefined]);
    isAway = false;
    await clock.advance(2_000);
    await waitUntil(async () => expect(await messages()).toEqual([[expect.any(String)]]));
  });

  it('whose disk is full while it answers says that the answer could not be stored, and goes on when there is room', async () => {
    let isFull = false;
    const refuse = <T extends object>(target: T, writes: readonly string[]): T =>
      new Proxy(target, {
        get(_, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) =>
            isFull && writes.includes(String(name))
              ? Promise.reject(new StoreError('the disk is full'))
              : value.apply(target, args);
        },
      });
    const bot = await createTestBot({
      store: {
        ...store,
        write: (...args) =>
          isFull ? Promise.reject(new StoreError('the disk is full')) : store.write(...args),
        claims: refuse(store.claims, ['claim', 'renew', 'takeOver']),
        ledger: refuse(store.ledger, ['reserve', 'annotate', 'renew']),
      },
    });
    onTestFinished(() => bot.close());
    const place = { key: 'thread' };
    const live = bot.provider.live();
    const asked = messageOf('Hello?', { place });
    const answering = bot.dispatch.message(asked);
    await live.request;
    await live.text('All of it.');
    await waitUntil(() => expect(asked.surface.text).toBe('All of it.'));
    isFull = true;
    await live.finish();
    await answering;
    expect(asked.surface.shown).toMatchObject({
      text: 'All of it.',
      status: 'complete',
      note: expect.stringMatching(/could not be saved/),
    });
    const refused = messageOf('And now?', { place });
    await bot.dispatch.message(refused);
    expect(refused.surface.privateTexts[0]?.text).toMatch(/cannot reach its database/);
    expect(bot.provider.chats).toHaveLength(1);

    isFull = false;
    bot.provider.answer('Here again.');
    const again = messageOf('And now?', { place });
    await bot.dispatch.message(again);
    expect(again.surface.text).toBe('Here again.');
    await waitUntil(
      async () => expect(await store.ledger.abandoned(Date.now() + 3_600_000)).toEqual([]),
      15_000,
    );
  });
});

describe('a bot whose clock jumps', () => {
  it.each([-86_400_000, 86_400_000])(
    'by %d ms while it answers loses and doubles nothing',
    async (jumpMs) => {
      let offsetMs = 0;
      const jumping = { ...systemClock, now: () => Date.now() + offsetMs };
      const bot = await createTestBot({ store, clock: jumping, steadyClock });
      onTestFinished(() => bot.close());
      const live = bot.provider.live();
      const event = messageOf('Hello?', { id: 'event', place: { key: 'thread' } });
      const answering = bot.dispatch.message(event);
      await live.request;
      await live.text('Before');
      await waitUntil(() => expect(event.surface.text).toBe('Before'));
      offsetMs = jumpMs;
      await live.text(' and after.');
      await waitUntil(() => expect(event.surface.text).toBe('Before and after.'), 15_000);
      await live.finish();
      await answering;
      await bot.dispatch.message(event);
      expect(event.surface).toMatchObject({ text: 'Before and after.', violations: [] });
      expect(event.surface.shown?.status).toBe('complete');
      expect(bot.provider.chats).toHaveLength(1);
    },
  );
});
