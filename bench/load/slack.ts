import { BUTTONS } from '../../src/core/ports/buttons.ts';
import { createFakeSlack } from '../../test/support/slack/fake-slack.ts';
import { bodyOf } from '../../test/support/slack/reading.ts';
import type { SlackMessage } from '../../test/support/slack/workspace.ts';
import type { LoadOptions } from './options.ts';
import type { AskingWay, LoadPlatform } from './platform.ts';
import { createObserver, type Observer } from './sighting.ts';

export interface LoadSlack extends LoadPlatform {
  readonly byMention: AskingWay;
}

/**
 * One workspace with so many channels, as a bot has one. Whoever asks at the same time is somebody else; the answer stands in
 * the message's thread.
 */
export async function createLoadSlack(options: LoadOptions): Promise<LoadSlack> {
  const { slack: askers, channels, bare, words, limits } = options;
  /** By thread. */
  const observers = new Map<string, Observer>();

  function onMessage({ ts, threadTs, botId, content }: SlackMessage): void {
    if (threadTs === null || botId === null) return;
    const isLast =
      !bare && JSON.stringify(content.blocks ?? []).includes(JSON.stringify(BUTTONS.retry.label));
    observers.get(threadTs)?.see(ts, bodyOf(content), isLast);
  }

  const slack = await createFakeSlack({ onMessage, rateLimits: limits });
  const people = Array.from({ length: askers }, (_, index) => slack.user(`Person ${index}`));
  const rooms = Array.from({ length: channels }, (_, room) =>
    slack.channel(
      `channel-${room}`,
      people.filter((_, index) => index % channels === room),
    ),
  );

  return {
    environment: slack.environment,
    byMention: {
      name: 'Slack, by mention',
      async ask(question, slot) {
        const [person, channel] = [people[slot], rooms[slot % channels]];
        if (person === undefined || channel === undefined) throw new TypeError(`nobody asks in slot ${slot}`);
        const { ts } = person.say(channel, `<@${slack.app.botUserId}> ${question}`);
        const observer = createObserver(bare ? words : null);
        observers.set(ts, observer);
        const sighting = await observer.sighting;
        observers.delete(ts);
        return sighting;
      },
    },
    violations: () =>
      slack.violations.map(({ kind, detail }) => `${kind === 'rate-limited' ? '429' : kind}: ${detail}`),
    calls: () => slack.requests.length,
    close: () => slack.close(),
  };
}
