import { expect, it } from 'vitest';
import { wantsForPlayground } from '../../../src/app/config/exposure.ts';

const OVER_HTTP = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'secret' };

it.each([
  ['alone on this machine', { PLAYGROUND: 'auto', HOST: '127.0.0.1' }, []],
  ['for others to reach', { PLAYGROUND: 'auto', HOST: '0.0.0.0' }, ['ADMIN_TOKEN']],
  ['beside Discord', { PLAYGROUND: 'auto', HOST: '127.0.0.1', DISCORD_TOKEN: 'token' }, ['PLAYGROUND=on']],
  ['behind a proxy, for Slack', { PLAYGROUND: 'on', HOST: '127.0.0.1', ...OVER_HTTP }, ['ADMIN_TOKEN']],
  ['behind a proxy, with a token', { PLAYGROUND: 'on', HOST: '::1', ADMIN_TOKEN: 't', ...OVER_HTTP }, []],
  ['by Socket Mode', { PLAYGROUND: 'on', HOST: 'localhost', ...OVER_HTTP, SLACK_APP_TOKEN: 'xapp-1' }, []],
] as const)('the playground %s', (_, config, wanted) => {
  expect(wantsForPlayground(config)).toEqual(wanted);
});
