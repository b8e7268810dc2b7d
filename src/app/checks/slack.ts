import { createWebApi } from '../../adapters/slack/api/web-api.ts';
import { checkSocket, identify } from '../../adapters/slack/start-checks.ts';
import { StartError } from '../../core/ports/adapter.ts';
import { type Check, createFindings, type Findings } from './check.ts';
import type { ProviderCheckOptions } from './providers.ts';

const TIMEOUT_MS = 15_000;

/** Checks the bot token, its scopes against the manifest, and the transport: Socket Mode or signed HTTP. Changes nothing. */
export async function checkSlack({
  config,
  fetch,
}: Pick<ProviderCheckOptions, 'config' | 'fetch'>): Promise<readonly Check[]> {
  const findings = createFindings('Slack');
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl } = config;
  if (token === undefined) {
    findings.off(
      'No tokens are set',
      'Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to answer on Slack; see docs/slack.md',
    );
    return findings.checks;
  }
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await attempt(findings, async () => {
    const { team, botName } = await identify(createWebApi({ token, apiUrl, fetch }), apiUrl, signal);
    findings.ok(
      `The bot token belongs to ${botName} in the workspace ${team}, with all scopes of the manifest`,
    );
  });
  const { SLACK_APP_TOKEN: appToken } = config;
  if (appToken !== undefined) {
    await attempt(findings, async () => {
      await checkSocket(createWebApi({ token: appToken, apiUrl, fetch }), apiUrl, signal);
      findings.ok('Slack accepts a Socket Mode connection');
    });
  } else {
    findings.ok('Events come over HTTP, so Slack must be able to reach this machine at /slack/events');
  }
  return findings.checks;
}

async function attempt({ fail }: Findings, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    fail(error.message, error.remedy);
  }
}
