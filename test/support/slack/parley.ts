import { onTestFinished } from 'vitest';
import { createSlackAdapter, type SlackAdapter } from '../../../src/adapters/slack/adapter.ts';
import { createManifest } from '../../../src/adapters/slack/manifest.ts';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { commands } from '../../../src/commands/index.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import type { TestBot } from '../test-bot.ts';
import { createFakeSlack, type FakeSlack, type FakeSlackOptions } from './fake-slack.ts';
import type { Json } from './json.ts';

/** Parley's manifest, as Slack gets it. By default with all commands, for Socket Mode, without the agent view. */
export function manifestOf(options: Partial<Parameters<typeof createManifest>[0]> = {}): Json {
  return JSON.parse(JSON.stringify(createManifest({ commands, url: null, agentView: false, ...options })));
}

/** A Slack with Parley's app in it, closed after the test. */
export async function openSlack({
  agentView = false,
  ...options
}: FakeSlackOptions & { readonly agentView?: boolean } = {}): Promise<FakeSlack> {
  const slack = await createFakeSlack({ manifest: manifestOf({ agentView }), ...options });
  onTestFinished(slack.close);
  return slack;
}

/**
 * Connects a core to Slack by the real Bolt and Socket Mode, as one process; several cores are several processes of the same app. It is
 * disconnected after the test.
 *
 * @param clock the adapter's; the system's by default
 */
export async function connectToSlack(
  slack: FakeSlack,
  { limiters, dispatch, finders, log }: TestBot,
  clock = systemClock,
): Promise<SlackAdapter> {
  const adapter = createSlackAdapter({
    botToken: slack.app.botToken,
    transport: { mode: 'socket', appToken: slack.app.appToken },
    apiUrl: slack.apiUrl,
    commands,
    limiters,
    fetch: createFetch(),
    clock,
    log,
  });
  finders.push(adapter);
  onTestFinished(() => adapter.stop());
  await adapter.start(dispatch);
  return adapter;
}
