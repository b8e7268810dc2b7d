import { describe, expect, it } from 'vitest';
import { createAlerts } from '../../src/app/alerts.ts';
import { createLog } from '../../src/app/log.ts';
import type { AnswerFacts } from '../../src/core/ports/telemetry.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function open(isTTY: boolean, level = 'info') {
  const lines: string[] = [];
  return { lines, log: createLog(level, { isTTY, write: (text) => lines.push(text) }) };
}

describe('the log', () => {
  it('is JSON with names of levels and ISO times', () => {
    const { log, lines } = open(false);
    log.child({ platform: 'slack' }).warn({ shard: 1, err: new Error('broken') }, 'a warning');
    log.debug('nothing');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      platform: 'slack',
      shard: 1,
      err: { message: 'broken' },
      msg: 'a warning',
    });
  });

  it('is for people on a terminal', () => {
    const { log, lines } = open(true);
    log.info({ status: 'complete', reason: null, question: 'two words' }, 'answered');
    log.error({ err: new Error('broken') }, 'a fault');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d info {2}answered {2}status=complete {2}question="two words"\n$/,
    );
    expect(lines[1]).toMatch(/error.* a fault\n {4}Error: broken\n {8}at /);
    expect(lines[1]).toContain('\u001b[31m');
  });
});

describe('failures that the operator has to act on', () => {
  const facts: AnswerFacts = {
    answer: 'a',
    guild: 'discord:1',
    model: 'openai/gpt-4o',
    provider: 'openai',
    payer: 'operator',
    tier: 'free',
    status: 'failed',
    delivered: true,
    firstTextMs: null,
    durationMs: 1,
    endLagMs: 1,
    costNanoUsd: 0,
    failure: 'no_credit',
  };

  it('are warned of once per cause and hour, with the remedy and without a stack', async () => {
    const clock = createFakeClock();
    const { log, lines } = open(false, 'warn');
    const alerts = createAlerts({ nameOf: () => 'OpenAI', clock, log });
    for (let n = 0; n < 3; n++) alerts.answered(facts);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      msg: 'answers by OpenAI fail until you act',
      failure: 'no_credit',
      remedy: 'top up its account, or raise the limit of its key',
    });
    expect(lines[0]).not.toContain('stack');
    alerts.answered({ ...facts, failure: 'bad_key' });
    expect(lines).toHaveLength(2);
    await clock.advance(3_600_000);
    alerts.answered(facts);
    expect(lines).toHaveLength(3);
  });

  it('are not those of guilds’ own keys, nor those that pass', () => {
    const { log, lines } = open(false, 'warn');
    const alerts = createAlerts({ nameOf: () => 'OpenAI', clock: createFakeClock(), log });
    alerts.answered({ ...facts, payer: 'guild' });
    for (const failure of [null, 'timeout', 'rate_limited', 'moderated'])
      alerts.answered({ ...facts, failure });
    expect(lines).toEqual([]);
  });
});
