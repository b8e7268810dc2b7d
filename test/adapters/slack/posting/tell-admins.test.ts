import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, openBench } from '../harness.ts';

const never = new AbortController().signal;
const notice = { text: 'A limit is near' };
let bench: Bench | null = null;

afterEach(async () => {
  await bench?.close();
  bench = null;
});

describe('a word to one person on Slack', () => {
  it('is a direct message, to people of this workspace alone', async () => {
    bench = await openBench();
    const { slack, adapter } = bench;
    const ada = slack.user('Ada');
    expect(await adapter.tellPerson?.(`${slack.teamId}/${ada.id}`, notice, never)).toBe(true);
    expect(slack.messages(ada.dm)).toHaveLength(1);
    expect(await adapter.tellPerson?.(`TELSEWHERE/${ada.id}`, notice, never)).toBe(false);
    expect(slack.messages(ada.dm)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });
});

describe('a word to the admins of a Slack workspace', () => {
  it('goes to owners and admins, in direct messages, however many people there are', async () => {
    bench = await openBench();
    const { slack, adapter } = bench;
    const others = Array.from({ length: 205 }, (_, index) => slack.user(`Member ${index}`));
    const gone = slack.user('Gone', { isAdmin: true, deleted: true });
    const stranger = slack.user('Stranger', { isAdmin: true, teamId: 'T9ELSEWHERE' });
    const ada = slack.user('Ada', { isAdmin: true });
    const olga = slack.user('Olga', { isAdmin: true, isOwner: true });
    expect(await adapter.tellAdmins?.(`slack:${slack.teamId}`, notice, never)).toBe(true);
    for (const admin of [ada, olga]) expect(slack.messages(admin.dm)).toHaveLength(1);
    for (const person of [others[0], gone, stranger]) expect(person && slack.messages(person.dm)).toEqual([]);
    expect(slack.violations).toEqual([]);
  });

  it('looks them up once in a while, not each time', async () => {
    bench = await openBench();
    const { slack, adapter } = bench;
    slack.user('Ada', { isAdmin: true });
    await adapter.tellAdmins?.(`slack:${slack.teamId}`, notice, never);
    await adapter.tellAdmins?.(`slack:${slack.teamId}`, notice, never);
    expect(slack.requests.filter(({ method }) => method === 'users.list')).toHaveLength(1);
  });

  it('goes to no other workspace, and reaches nobody where there is no admin', async () => {
    bench = await openBench();
    const { slack, adapter } = bench;
    expect(await adapter.tellAdmins?.(`slack:${slack.teamId}`, notice, never)).toBe(false);
    slack.user('Ada', { isAdmin: true });
    expect(await adapter.tellAdmins?.('slack:TELSEWHERE', notice, never)).toBe(false);
  });
});
