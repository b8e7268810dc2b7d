import { heal } from '../../../src/core/markdown/blocks/healer.ts';
import type { Button, ButtonKind } from '../../../src/core/ports/buttons.ts';
import type { Surface } from '../../../src/core/ports/surface.ts';
import { type SurfacePlace, surfaceContract, type WireFault } from '../../contracts/surface.ts';
import { createIdleClock } from '../../support/idle-clock.ts';
import type { Fault } from '../../support/slack/faults.ts';
import type { Person } from '../../support/slack/person.ts';
import type { SeenMessage } from '../../support/slack/reading.ts';
import { type Bench, openBench, until } from './harness.ts';

/** Minutes of streaming in seconds. The polls of a test are 5 ms apart, half a second by this clock. */
const SPEED = 100;

function faultOf(fault: WireFault): Pick<Fault, 'how' | 'when'> {
  switch (fault.kind) {
    case 'rate-limited':
      return { how: { kind: 'rate-limited', retryAfterSec: fault.retryAfterMs / 1000 } };
    case 'unavailable':
      return { how: { kind: 'status', status: 503 } };
    case 'lost':
      return { how: { kind: 'reset' }, when: 'after' };
    case 'silent':
      return { how: { kind: 'silence' } };
  }
}

interface Ground {
  readonly bench: Bench;
  readonly ann: Person;
  readonly bob: Person;
  readonly channel: string;
}

/** The way from a question to its surface, and where its answer can be seen. */
interface Way {
  readonly agentView?: boolean;
  ask(ground: Ground): Promise<Surface>;
  /** Channel and thread of the answer. */
  where(ground: Ground): { readonly channel: string; readonly thread: string | undefined };
  readonly open?: string;
  readonly update?: string;
}

function contractOf(name: string, way: Way): void {
  surfaceContract(`slack ${name}`, {
    keepsMarks: true,
    async open(): Promise<SurfacePlace> {
      const bench = await openBench({ clock: createIdleClock(SPEED), agentView: way.agentView ?? false });
      const { slack, limiters, clock } = bench;
      const ann = slack.user('Ann');
      const bob = slack.user('Bob');
      const channel = slack.channel('general', [ann, bob]);
      const ground: Ground = { bench, ann, bob, channel };
      const surface = await way.ask(ground);
      // The question that the bot posts before the answer is not the answer.
      const answers = () => {
        const { channel: at, thread } = way.where(ground);
        return slack
          .messages(at, thread)
          .filter((message) => message.author === slack.app.botUserId && !isQuestion(message))
          .filter((message) => !isToldPrivately(message) && message.files.length === 0);
      };
      const filesSeen = () => {
        const { channel: at, thread } = way.where(ground);
        return slack.messages(at, thread).flatMap(({ files }) => files);
      };
      return {
        surface,
        limiters,
        clock,
        reopen: async (lost) => (await bench.adapter.reopen?.(lost, new AbortController().signal)) ?? null,
        pingSpellings: [
          `<@${bob.id}>`,
          '<!channel>',
          '<!here|here>',
          '<!subteam^S0123|devs>',
          `<#${channel}>`,
          '&lt;!everyone&gt;',
        ],
        pings: () => slack.pings.length,
        violations: () => slack.violations.map(({ kind, detail }) => `${kind}: ${detail}`),
        readMessages: async () => answers().map(readingOf),
        async readAs(reader) {
          const person = reader === 'asker' ? ann : bob;
          const direct = slack.messages(person.dm).filter(isToldPrivately);
          return [
            ...person.privateTexts(channel),
            ...direct,
            ...(reader === 'asker' ? threadPrivateTexts(ground) : []),
          ]
            .map((message) => message.text)
            .join('\n');
        },
        shut: async () => slack.removeBot(way.where(ground).channel),
        async deleteMessage(index) {
          const message = answers()[index];
          if (message) slack.deleteMessage(message);
        },
        filesSeen,
        refuseFiles: () =>
          slack.faults.add({
            method: 'files.completeUploadExternal',
            times: 100,
            how: { kind: 'error', error: 'restricted_action' },
          }),
        failNext(write, fault) {
          const method = write === 'open' ? (way.open ?? 'chat.postMessage') : (way.update ?? 'chat.update');
          slack.faults.add({ method, ...faultOf(fault) });
          // If no stream can begin, the message is posted at once.
          if (method === 'chat.startStream' && fault.kind === 'rate-limited') {
            slack.faults.add({ method: 'chat.postMessage', ...faultOf(fault) });
          }
        },
        close: bench.close,
      };

      function threadPrivateTexts({ ann }: Ground): SeenMessage[] {
        const { channel: at, thread } = way.where(ground);
        return at === ann.dm && thread !== undefined
          ? slack.messages(at, thread).filter(isToldPrivately)
          : [];
      }
    },
  });
}

function isQuestion(message: SeenMessage): boolean {
  return message.text.startsWith('*Ann* asked:');
}

/** In a DM a private text is a message like others. */
function isToldPrivately(message: SeenMessage): boolean {
  return /^(?:psst|s\d+ )/.test(message.text);
}

/** The id that the contract gives its answer. */
const ANSWER_ID = 'Answer-1_aB3';

function readingOf(message: SeenMessage): { text: string; buttons: Button[] } {
  const body = message.asStreamed ? heal(message.text) : message.text;
  // While Slack streams a message, it shows a stop of its own.
  if (message.streaming) return { text: body, buttons: [{ kind: 'stop', answerId: ANSWER_ID }] };
  const text = [body, message.footer].filter((part) => part !== '').join('\n');
  return {
    text,
    buttons: message.buttons.map(({ actionId, value }) => ({
      kind: actionId as ButtonKind,
      answerId: value,
    })),
  };
}

contractOf('mention', {
  async ask({ bench: { slack, recorded }, ann, channel }) {
    ann.say(channel, `<@${slack.app.botUserId}> why is the sky blue?`);
    await until(() => recorded.messages.length > 0);
    return recorded.messages[0]?.surface as Surface;
  },
  where: ({ bench: { slack }, channel }) => ({ channel, thread: slack.messages(channel)[0]?.ts }),
});

contractOf('/ask', {
  async ask({ bench: { recorded }, ann, channel }) {
    await ann.slash('/ask', 'why is the sky blue?', { channel });
    await until(() => recorded.commands.length === 1);
    return recorded.commands[0]?.surface as Surface;
  },
  where: ({ bench: { slack }, channel }) => ({
    channel,
    thread: slack.messages(channel).find(isQuestion)?.ts ?? 'none yet',
  }),
});

contractOf('direct message', {
  async ask({ bench: { recorded }, ann }) {
    ann.say(ann.dm, 'why is the sky blue?');
    await until(() => recorded.messages.length === 1);
    return recorded.messages[0]?.surface as Surface;
  },
  where: ({ ann }) => ({ channel: ann.dm, thread: undefined }),
});

contractOf('private /ask', {
  async ask({ bench: { recorded }, ann, channel }) {
    await ann.slash('/ask', '--private why is the sky blue?', { channel });
    await until(() => recorded.commands.length === 1);
    return recorded.commands[0]?.surface as Surface;
  },
  where: ({ bench: { slack }, ann }) => ({
    channel: ann.dm,
    thread: slack.messages(ann.dm).find(isQuestion)?.ts ?? 'none yet',
  }),
});

contractOf('agent view', {
  agentView: true,
  async ask({ bench: { recorded }, ann }) {
    ann.say(ann.dm, 'why is the sky blue?');
    await until(() => recorded.messages.length === 1);
    return recorded.messages[0]?.surface as Surface;
  },
  where: ({ bench: { slack }, ann }) => ({ channel: ann.dm, thread: slack.messages(ann.dm)[0]?.ts }),
  open: 'chat.startStream',
  update: 'chat.appendStream',
});
