import { App, LogLevel } from '@slack/bolt';
import { answer } from './answer.ts';

/** A bot on Bolt that answers mentions in threads: `node bench/load/bare/slack.ts`, for comparison. */

const { SLACK_BOT_TOKEN = '', SLACK_APP_TOKEN = '', SLACK_API_URL = '' } = process.env;

const app = new App({
  socketMode: true,
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: SLACK_API_URL },
});

app.event('app_mention', async ({ event, client }) => {
  const { channel } = event;
  await answer(event.text, 4_000, async (text) => {
    const { ts = '' } = await client.chat.postMessage({ channel, thread_ts: event.ts, text });
    return (newer) => client.chat.update({ channel, ts, text: newer });
  });
});

await app.start();
console.log('ready');
