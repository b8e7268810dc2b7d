import { expect, it } from 'vitest';
import { PlaceGone } from '../../../../src/core/ports/delivery-errors.ts';
import { StoreError } from '../../../../src/core/ports/store.ts';
import { createLife, type Life } from '../../../support/mortal.ts';
import { messageOf } from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { ANSWER, closeWorlds, createWorld } from './harness.ts';

/** The lines of a log, in words: level, message, and the fields that say what it is about. */
const inWords = (logged: string) =>
  logged.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { level, msg, time: _, pid: __, hostname: ___, err, ...about } = JSON.parse(line);
    const named = level === 50 ? 'error' : level === 40 ? 'warn' : 'info';
    return [`${named}: ${msg} (${Object.keys(about)})${err ? `: ${err.message}` : ''}`];
  });

/** A process that died while its answer grew. */
async function dead() {
  const world = await createWorld();
  const surface = world.surface('place');
  const live = world.provider.live();
  const life = createLife();
  const dying = await world.bot(life);
  const question = messageOf('Tell me', { surface, place: { key: 'thread' }, id: 'event' });
  const answering = dying.dispatch.message({ ...question, surface: life.surface(surface) });
  await live.text(ANSWER.slice(0, 100));
  await waitUntil(() => expect(surface.messages).toHaveLength(1));
  life.end();
  await live.drop();
  await answering;
  return world;
}

it('each write that the store refuses while an answer is finished is in the log of who finishes it', async () => {
  const seen = new Set<string>();
  for (let failing = 1, writes = failing; writes >= failing; failing++) {
    const world = await dead();
    writes = 0;
    const broken: Life = {
      ...createLife(),
      store: (store) => ({
        ...store,
        async write(changes) {
          if (++writes === failing) throw new StoreError('the disk is full');
          return store.write(changes);
        },
      }),
      platform: (platform) => platform,
    };
    const heir = await world.bot(broken);
    await world.settled();
    for (const line of inWords(heir.logged())) if (line.includes('full')) seen.add(line);
    await closeWorlds();
  }
  const full = 'the disk is full';
  expect([...seen].toSorted()).toEqual([
    `error: could not connect messages to their conversation (answer): ${full}`,
    `error: could not store the place of an answer (answer): ${full}`,
    `warn: could not finish a dead process's answer; retrying later (event): ${full}`,
    `warn: could not store the end of an event; retrying (id): ${full}`,
    `warn: could not write the journal (event): ${full}`,
  ]);
});

it('an answer that is finished is in the log, and so is one whose place is gone', async () => {
  const world = await dead();
  const claim = (id: string, place: string) =>
    world.store.claims.claim(id, 'dead', 0, 0, { version: 1, platform: 'discord', place, answer: null });
  const heir = await world.bot();
  await world.settled();
  await claim('nowhere', 'nowhere#0');
  await world.settled();
  await claim('forbidden', 'place#0');
  world.failReopening(1, new PlaceGone('forbidden'));
  await world.settled();
  await claim('away', 'place#0');
  world.failReopening(1, new Error('the platform is away'));
  await world.settled();
  expect(inWords(heir.logged())).toEqual([
    'info: finished an answer of a dead process (event,answer,status,isShown)',
    "warn: a dead process's answer has no place any more (event)",
    "warn: the place of a dead process's answer is gone (event): the place of the answer is forbidden",
    "warn: could not finish a dead process's answer; retrying later (event): the platform is away",
  ]);
  const finished = heir
    .logged()
    .split('\n')
    .find((line) => line.includes('finished'));
  expect(JSON.parse(finished ?? '')).toMatchObject({ event: 'event', status: 'interrupted', isShown: true });
});
