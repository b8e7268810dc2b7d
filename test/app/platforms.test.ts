import { expect, it } from 'vitest';
import { createPlatforms } from '../../src/app/platforms.ts';
import type { Adapter } from '../../src/core/ports/adapter.ts';

const { signal } = new AbortController();

function adapterOf(platform: Adapter['platform'], more: Partial<Adapter> = {}): Adapter {
  return { platform, routes: [], start: async () => {}, ready: () => true, stop: async () => {}, ...more };
}

it('leads each guild and each operator to the adapter of the platform, also one that comes later', async () => {
  const told: string[] = [];
  const adapters: Adapter[] = [];
  const platforms = createPlatforms(adapters);
  const notice = { text: 'A limit is near' };
  expect(await platforms.tellAdmins('slack:T1', notice, signal)).toBe(false);
  expect(await platforms.tellOperator('slack:T1/U1', notice, signal)).toBe(false);
  expect([
    platforms.finderOf('slack:T1'),
    platforms.readFileOf('slack:T1'),
    platforms.peopleIn('slack:T1'),
  ]).toEqual([null, null, null]);

  const people = [{ id: 'ada', name: 'Ada' }] as unknown as NonNullable<Adapter['people']>;
  const readFile: NonNullable<Adapter['readFile']> = async () => new Uint8Array(1);
  const slack = adapterOf('slack', {
    readFile,
    tellAdmins: async (guild) => told.push(guild) > 0,
    tellPerson: async (person) => told.push(person) > 0,
  });
  adapters.push(adapterOf('discord'), slack, adapterOf('web', { people }));
  expect(await platforms.tellAdmins('slack:T1', notice, signal)).toBe(true);
  expect(await platforms.tellOperator('slack:T1/U1', notice, signal)).toBe(true);
  expect(told).toEqual(['slack:T1', 'T1/U1']);
  // Those of Discord reach nobody here.
  expect(await platforms.tellAdmins('discord:1', notice, signal)).toBe(false);
  expect(await platforms.tellOperator('discord:1', notice, signal)).toBe(false);
  expect(platforms.finderOf('slack:T1')).toBe(slack);
  expect([platforms.readFileOf('slack:T1'), platforms.readFileOf('discord:1')]).toEqual([readFile, null]);
  expect([platforms.peopleIn('web:local'), platforms.peopleIn('discord:1')]).toEqual([people, null]);
});
