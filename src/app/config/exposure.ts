import type { Config } from './variables.ts';

/** The variables needed to switch the playground on; none if it is on. If others can reach it, it asks for a token. */
export function wantsForPlayground(config: Partial<Config>): readonly string[] {
  const { PLAYGROUND, HOST, ADMIN_TOKEN, DISCORD_TOKEN, SLACK_BOT_TOKEN } = config;
  const isOn = PLAYGROUND === 'on' || (PLAYGROUND === 'auto' && !DISCORD_TOKEN && !SLACK_BOT_TOKEN);
  const isExposed = isSlackOverHttp(config) || (HOST !== undefined && !isLoopback(HOST));
  return [
    ...(isOn ? [] : ['PLAYGROUND=on']),
    ...(isExposed && ADMIN_TOKEN === undefined ? ['ADMIN_TOKEN'] : []),
  ];
}

export function isPlaygroundOn(config: Partial<Config>): boolean {
  return wantsForPlayground(config).length === 0;
}

/** Whether Slack sends events over HTTP, so that there is a proxy in front of this server. */
export function isSlackOverHttp({ SLACK_SIGNING_SECRET, SLACK_APP_TOKEN }: Partial<Config>): boolean {
  return SLACK_SIGNING_SECRET !== undefined && SLACK_APP_TOKEN === undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
