import { z } from 'zod';
import { createWebApi } from '../../adapters/slack/api/web-api.ts';
import { identify, socketFault } from '../../adapters/slack/start-checks.ts';
import { parseJson } from '../../core/kit/json.ts';
import { StartError } from '../../core/ports/adapter.ts';
import type { Config } from '../config/variables.ts';
import { type Check, createFindings, type Findings } from './check.ts';

export interface SlackCheckOptions {
  readonly config: Config;
  readonly fetch: typeof fetch;
}

const TIMEOUT_MS = 15_000;

const openedSchema = z.object({ ok: z.boolean(), error: z.string().optional() });

/** Checks the bot token, its scopes against the manifest, and the transport: Socket Mode or signed HTTP. Changes nothing. */
export async function checkSlack({ config, fetch }: SlackCheckOptions): Promise<readonly Check[]> {
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
      await openSocket(appToken, apiUrl, fetch, signal);
      findings.ok('Slack accepts a Socket Mode connection');
    });
  } else {
    findings.ok('Events come over HTTP, so Slack must be able to reach this machine at /slack/events');
  }
  return findings.checks;
}

/** Asks for an address without connecting to it. */
async function openSocket(
  appToken: string,
  apiUrl: string,
  fetch: SlackCheckOptions['fetch'],
  signal: AbortSignal,
): Promise<void> {
  const answer = await fetch(`${apiUrl}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${appToken}` },
    signal,
  })
    .then(async (response) => openedSchema.safeParse(parseJson(await response.text())))
    .catch((error: unknown) => {
      throw socketFault(error, apiUrl);
    });
  if (answer.data?.ok !== true) throw socketFault({ data: { error: answer.data?.error } }, apiUrl);
}

async function attempt({ fail }: Findings, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    fail(error.message, error.remedy);
  }
}
