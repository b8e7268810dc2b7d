import { expect, it } from 'vitest';
import { SlackRefusal, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { PrivateTeller, sayIn } from '../../../../src/adapters/slack/posting/tell-privately.ts';

const refusal = (reason: string) => new SlackRefusal('chat.postEphemeral', reason, null, []);

const never = new AbortController().signal;

/** A workspace in which the `answers` come in turn: a fault, or null. */
function setUp(answers: (Error | null)[]) {
  const sent: string[] = [];
  const send = async (where: string, content: object) => {
    sent.push(`${where} ${JSON.stringify(content).includes('"markdown"') ? 'Markdown' : 'plain'}`);
    const fault = answers.shift() ?? null;
    if (fault !== null) throw fault;
  };
  const workspace = {
    team: 'T1',
    call: (_: string, args: object) => send('channel', args),
    paced: (_: unknown, write: () => Promise<unknown>) => write(),
    api: { call: (_: string, args: object) => send('DM', args) },
    directChannel: async () => 'D1',
  } as unknown as Workspace;
  return { sent, workspace };
}

/** Tells somebody something in a channel. Resolves to what was sent. */
async function tell(...answers: (Error | null)[]) {
  const { sent, workspace } = setUp(answers);
  const teller = new PrivateTeller({
    workspace,
    channel: 'C1',
    user: 'U1',
    isDirect: false,
    root: null,
    responseUrl: null,
  });
  const fault: unknown = await teller.tell({ text: 'Hello' }, never).catch((error) => error);
  return { sent, fault };
}

it('tells in a direct message where the channel is shut, and nowhere else', async () => {
  const unreachable = new SlackUnreachable('no answer');
  expect(await tell(refusal('not_in_channel'))).toEqual({
    sent: ['channel Markdown', 'DM Markdown'],
    fault: undefined,
  });
  expect(await tell(unreachable)).toEqual({ sent: ['channel Markdown'], fault: unreachable });
  const other = refusal('invalid_arguments');
  expect(await tell(other)).toEqual({ sent: ['channel Markdown'], fault: other });
});

it('tells as plain text if the Markdown is refused, in either place', async () => {
  expect(await tell(refusal('invalid_blocks'))).toEqual({
    sent: ['channel Markdown', 'channel plain'],
    fault: undefined,
  });
  expect(await tell(refusal('is_archived'), refusal('invalid_blocks'))).toEqual({
    sent: ['channel Markdown', 'DM Markdown', 'DM plain'],
    fault: undefined,
  });
});

it('says in a channel whether Slack took it, and hides no other fault', async () => {
  const say = (...answers: (Error | null)[]) =>
    sayIn(setUp(answers).workspace, { channel: 'D1', user: 'U1' }, { text: 'Hello' }, never);
  expect(await say(null)).toBe(true);
  expect(await say(refusal('invalid_arguments'))).toBe(false);
  expect(await say(refusal('is_archived'))).toBe(false);
  await expect(say(new SlackUnreachable('no answer'))).rejects.toThrow('no answer');
});
