import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createSlackAdapter } from '../../../src/adapters/slack/adapter.ts';
import { REQUIRED_SCOPES } from '../../../src/adapters/slack/api/scopes.ts';
import { createWebApi } from '../../../src/adapters/slack/api/web-api.ts';
import { identify } from '../../../src/adapters/slack/start-checks.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { StartError } from '../../../src/core/ports/adapter.ts';
import { createRecordingDispatch } from '../../support/recording-dispatch.ts';
import { type Bench, type BenchOptions, openBench, until } from './harness.ts';

const benches: Bench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

async function open(options: BenchOptions): Promise<Bench> {
  const bench = await openBench({ ...options, start: false });
  benches.push(bench);
  return bench;
}

/** The error with which the start ends. */
async function faultOf({ adapter, recorded }: Pick<Bench, 'adapter' | 'recorded'>): Promise<StartError> {
  const fault = await adapter.start(recorded).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(StartError);
  return fault as StartError;
}

describe('the start on Slack', () => {
  it('is ready once it is connected', async () => {
    const bench = await open({});
    expect(bench.adapter.ready()).toBe(false);
    await bench.adapter.start(bench.recorded);
    expect(bench.adapter.ready()).toBe(true);
    expect(bench.slack.socket.connections).toBe(1);
    expect([...(bench.adapter.guildNames?.() ?? [])]).toEqual([[`slack:${bench.slack.teamId}`, 'Fake']]);
    await bench.adapter.stop();
    expect(bench.adapter.ready()).toBe(false);
    expect(bench.slack.violations).toEqual([]);
  });

  it('stops for good although it was about to connect again', async () => {
    const bench = await open({});
    await bench.adapter.start(bench.recorded);
    const held = Promise.withResolvers<void>();
    bench.slack.faults.add({ method: 'apps.connections.open', how: { kind: 'hold', until: held.promise } });
    bench.slack.socket.drop();
    await until(
      () => bench.slack.requests.filter(({ method }) => method === 'apps.connections.open').length === 2,
    );
    const stopped = bench.adapter.stop();
    held.resolve();
    await stopped;
    await until(() => bench.slack.socket.connections === 0);
    expect(bench.adapter.ready()).toBe(false);
  });

  it('says where to get a bot token that works', async () => {
    const fault = await faultOf(await open({ botToken: 'xoxb-wrong-token' }));
    expect(fault.message).toBe('Slack does not accept SLACK_BOT_TOKEN (invalid_auth).');
    expect(fault.remedy).toContain(
      'OAuth & Permissions, and copy the Bot User OAuth Token (it begins with xoxb-)',
    );
    expect(`${fault.message}${fault.remedy}`).not.toContain('xoxb-wrong-token');
  });

  it('works without the scope for files, and names what it would add', async () => {
    const { slack, adapter, recorded } = await open({});
    slack.app.scopes = new Set([...slack.app.scopes].filter((scope) => scope !== 'files:read'));
    await adapter.start(recorded);
    expect(adapter.ready()).toBe(true);
    expect(adapter.notes).toEqual([expect.stringContaining('files:read')]);
  });

  it('names the scopes that are missing, and where to add them', async () => {
    const manifest = { oauth_config: { scopes: { bot: ['chat:write', 'commands'] } } };
    const fault = await faultOf(await open({ manifest }));
    expect(fault.message).toBe(
      'The Slack app lacks the bot scopes app_mentions:read, channels:history, channels:read, files:write, groups:history, groups:read, im:history, im:read, im:write, mpim:history, mpim:read, reactions:write, usergroups:read, users:read.',
    );
    expect(fault.remedy).toContain('Bot Token Scopes → Add an OAuth Scope');
  });

  it('names a single scope that is missing, a token that is no bot’s, and any other refusal', async () => {
    const start = (answer: object, scopes: readonly string[]) => {
      const headers = { 'x-oauth-scopes': scopes.join() };
      const fetch = async () => Response.json(answer, { headers });
      const apiUrl = 'https://slack.test/api/';
      const api = createWebApi({ token: 'xoxb-1', apiUrl, fetch });
      return identify(api, apiUrl, new AbortController().signal);
    };
    const identity = { ok: true, team_id: 'T1', user_id: 'U1', bot_id: 'B1' };
    const without = (...missing: string[]) => REQUIRED_SCOPES.filter((scope) => !missing.includes(scope));
    await expect(start(identity, without('users:read'))).rejects.toThrow(
      'The Slack app lacks the bot scope users:read.',
    );
    await expect(start({ ...identity, bot_id: undefined }, without())).rejects.toThrow(
      'SLACK_BOT_TOKEN is not a bot token.',
    );
    await expect(start({ ok: false, error: 'team_access_not_granted' }, [])).rejects.toThrow(
      'Slack refused the start: team_access_not_granted.',
    );
    // Slack need not name scopes.
    expect(await start(identity, [])).toMatchObject({ team: 'T1', notes: [], mayReadFiles: true });
    expect(await start(identity, without())).toMatchObject({ mayReadFiles: false });
  });

  it('says how to get a Socket Mode connection', async () => {
    const fault = await faultOf(await open({ appToken: 'xapp-wrong-token' }));
    expect(fault.message).toBe('Slack refused a Socket Mode connection with SLACK_APP_TOKEN (invalid_auth).');
    expect(fault.remedy).toContain('connections:write');
  });

  it('says so where a bot token was given for an app token', async () => {
    const bench = await open({});
    const fault = await faultOf(await open({ appToken: bench.slack.app.botToken }));
    expect(fault.message).toContain('SLACK_APP_TOKEN (not_allowed_token_type)');
  });

  it('says so where Slack cannot be reached', async () => {
    const adapter = createSlackAdapter({
      botToken: 'xoxb-1',
      transport: { mode: 'socket', appToken: 'xapp-1' },
      apiUrl: 'http://127.0.0.1:1/api/',
      commands: [],
      limiters: createWriteLimiters(systemClock),
      fetch,
      clock: systemClock,
      log: pino({ level: 'silent' }),
    });
    const fault = await faultOf({ adapter, recorded: createRecordingDispatch() });
    expect(fault.message).toBe('Slack cannot be reached at http://127.0.0.1:1/api/.');
  });
});
