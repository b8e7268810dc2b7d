import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, type BenchOptions, openBench, quiet, until } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  return { ...bench, ann, general };
}

describe('what Slack sends without a workspace, as for an organisation', () => {
  it.each([
    ['as none', { team: null }],
    ['not at all', {}],
  ])('is told to who pressed, and not dealt with, if the workspace is named %s', async (_, named) => {
    const { slack, recorded, ann, general } = await setUp();
    const { response_url: responseUrl } = ann.commandPayload('/ask', '', general);
    const payload = {
      type: 'block_actions',
      api_app_id: 'A0PARLEY',
      ...named,
      enterprise: { id: 'E0ORG', name: 'Org' },
      is_enterprise_install: true,
      user: { id: ann.id, team_id: slack.teamId },
      channel: { id: general },
      container: { type: 'message', message_ts: '1700000000.000100', channel_id: general },
      message: { ts: '1700000000.000100', text: 'Hello' },
      trigger_id: 'trigger',
      response_url: responseUrl,
      actions: [{ type: 'button', action_id: 'retry', block_id: 'b', value: 'answer-1', action_ts: '1.1' }],
    };
    expect(await slack.deliver({ type: 'interactive', payload })).toMatchObject({ acked: true });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('does not say which workspace');
    expect(recorded.presses).toEqual([]);
  });
});

describe('a server that does not know agent sessions', () => {
  it('counts as one without them where it answers with a page', async () => {
    const { slack, recorded, ann } = await setUp({ agentView: true });
    const method = 'agents.sessions.setStatus';
    slack.faults.add({ method, how: { kind: 'status', status: 404 }, times: 100 });
    for (const text of ['one', 'two', 'three']) {
      ann.say(ann.dm, text);
      await quiet(bench, recorded.messages.length + 1);
    }
    expect(recorded.messages).toHaveLength(3);
    expect(slack.requests.filter((request) => request.method === method)).toHaveLength(1);
  });
});
