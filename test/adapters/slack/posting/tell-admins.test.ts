import { afterEach, describe, expect, it } from 'vitest';
import { SlackRefusal } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { createTellAdmins } from '../../../../src/adapters/slack/posting/tell-admins.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { type Bench, openBench } from '../harness.ts';

interface Member {
  readonly id: string;
  readonly [flag: string]: string | boolean;
}

/** A workspace of these people, in which some refuse messages. */
function workspaceOf(people: readonly Member[], refusing: Readonly<Record<string, Error>> = {}) {
  const told: string[] = [];
  let lists = 0;
  const workspace = {
    team: 'T1',
    async call(method: string) {
      expect(method).toBe('users.list');
      lists++;
      return { members: people.map((person) => ({ team_id: 'T1', ...person })) };
    },
    async directChannel(user: string) {
      const fault = refusing[user];
      if (fault !== undefined) throw fault;
      return `D-${user}`;
    },
    paced: (_: unknown, write: () => Promise<unknown>) => write(),
    api: { call: async (_: string, { channel }: { channel: string }) => told.push(channel) },
  } as unknown as Workspace;
  return { workspace, told, lists: () => lists };
}

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

  it('goes to five of them at most, owners first, and to no bot', async () => {
    const admins = [1, 2, 3, 4, 5].map((index) => ({ id: `A${index}`, is_admin: true }));
    const owner = { id: 'OWNER', is_owner: true };
    const { workspace, told } = workspaceOf([
      { id: 'ROBOT', is_admin: true, is_bot: true },
      ...admins,
      owner,
    ]);
    expect(await createTellAdmins(workspace, createFakeClock())('slack:T1', notice, never)).toBe(true);
    expect(told).toEqual(['D-OWNER', 'D-A1', 'D-A2', 'D-A3', 'D-A4']);
  });

  it('goes to the others if Slack refuses one, and has failed if it refuses all', async () => {
    const people = ['A1', 'A2'].map((id) => ({ id, is_admin: true }));
    const refusal = new SlackRefusal('conversations.open', 'user_disabled', null, []);
    const tell = (refusing: Record<string, Error>) => {
      const { workspace, told } = workspaceOf(people, refusing);
      const done = createTellAdmins(workspace, createFakeClock())('slack:T1', notice, never);
      return done.then((isTold) => [isTold, ...told]);
    };
    expect(await tell({ A1: refusal })).toEqual([true, 'D-A2']);
    expect(await tell({ A1: refusal, A2: refusal })).toEqual([false]);
    await expect(tell({ A1: new Error('no answer') })).rejects.toThrow('no answer');
  });

  it('looks them up again after an hour', async () => {
    const clock = createFakeClock();
    const { workspace, lists } = workspaceOf([{ id: 'A1', is_admin: true }]);
    const tell = createTellAdmins(workspace, clock);
    await tell('slack:T1', notice, never);
    await clock.advance(3_599_999);
    await tell('slack:T1', notice, never);
    expect(lists()).toBe(1);
    await clock.advance(1);
    await tell('slack:T1', notice, never);
    expect(lists()).toBe(2);
  });

  it('goes to no other workspace, and reaches nobody where there is no admin', async () => {
    bench = await openBench();
    const { slack, adapter } = bench;
    expect(await adapter.tellAdmins?.(`slack:${slack.teamId}`, notice, never)).toBe(false);
    slack.user('Ada', { isAdmin: true });
    expect(await adapter.tellAdmins?.('slack:TELSEWHERE', notice, never)).toBe(false);
  });
});
