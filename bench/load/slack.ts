import { BUTTONS } from '../../src/core/ports/buttons.ts';
import { createFakeSlack } from '../../test/support/slack/fake-slack.ts';
import { bodyOf } from '../../test/support/slack/reading.ts';
import type { SlackMessage } from '../../test/support/slack/workspace.ts';
import type { AskingWay, LoadPlatform } from './platform.ts';
import { createObserver, type Observer } from './sighting.ts';

export interface LoadSlack extends LoadPlatform {
  readonly byMention: AskingWay;
}

/** One workspace with so many channels, as a bot has one. Somebody mentions it; the answer stands in the message's thread. */
export async function createLoadSlack(channels: number): Promise<LoadSlack> {
  /** By thread. */
  const observers = new Map<string, Observer>();

  function onMessage({ ts, threadTs, botId, content }: SlackMessage): void {
    if (threadTs === null || botId === null) return;
    const isLast = JSON.stringify(content.blocks ?? []).includes(JSON.stringify(BUTTONS.retry.label));
    observers.get(threadTs)?.see(ts, bodyOf(content), isLast);
  }

  const slack = await createFakeSlack({ onMessage });
  const person = slack.user('Ada');
  const rooms = Array.from({ length: channels }, (_, index) => slack.channel(`channel-${index}`, [person]));

  return {
    environment: {
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_APP_TOKEN: slack.app.appToken,
      SLACK_API_URL: slack.apiUrl,
    },
    byMention: {
      name: 'Slack, by mention',
      async ask(question, slot) {
        const { ts } = person.say(rooms[slot % channels] as string, `<@${slack.app.botUserId}> ${question}`);
        const observer = createObserver();
        observers.set(ts, observer);
        const sighting = await observer.sighting;
        observers.delete(ts);
        return sighting;
      },
    },
    violations: () =>
      slack.violations.map(({ kind, detail }) => `${kind === 'rate-limited' ? '429' : kind}: ${detail}`),
    close: () => slack.close(),
  };
}
