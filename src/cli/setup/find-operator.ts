import { randomInt } from 'node:crypto';
import type { ChatPlatform, Config } from '../../app/config/variables.ts';
import { createDiscord, createSlack } from '../../app/create-adapters.ts';
import { createWriteLimiters } from '../../core/delivery/write-limiter.ts';
import { accountOf } from '../../core/ports/actor.ts';
import type { Adapter } from '../../core/ports/adapter.ts';
import { addresseeOf } from '../../core/ports/address.ts';
import { type Dispatch, NO_RULES, type PostedMessage } from '../../core/ports/events.ts';
import { SETUP_WORD } from '../../core/ports/operator.ts';
import { wordsIn } from '../../core/ports/parts.ts';
import { PLATFORMS } from '../../core/ports/platforms.ts';
import type { Ask } from './ask.ts';
import type { GuideOptions } from './guides.ts';

/** How long it waits for the person's message. */
const PATIENCE_MS = 5 * 60_000;

/** Asks the person to write a word to the bot. Resolves to who they are, as `OPERATORS` has it; null if nobody wrote it in time. */
export async function operatorFrom(
  platform: ChatPlatform,
  config: Config,
  ask: Ask,
  options: GuideOptions,
): Promise<string | null> {
  const word = `${SETUP_WORD}${randomInt(100_000, 1_000_000)}`;
  const means = { ...options, config, limiters: createWriteLimiters(options.clock) };
  // The message may arrive at any shard.
  const adapter = await (platform === 'discord' ? createDiscord(means, 'auto') : createSlack(means));
  const request = [
    'Send the bot a direct message, or mention it, with this word:',
    word,
    '',
    `The setup waits for it for ${PATIENCE_MS / 60_000} minutes. Ctrl-C ends the setup; your answers are kept.`,
  ].join('\n');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const show = () => ask.show(`On ${PLATFORMS[platform].name}`, request);
    const operator = await findOperator(adapter, word, show, signal);
    ask.say(`You are ${operator}.`);
    return operator;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/**
 * Connects, and waits for somebody to write the word to the bot. Answers them, and nobody else.
 *
 * @throws StartError, or the signal's reason
 */
async function findOperator(
  adapter: Adapter,
  word: string,
  onConnected: () => void,
  signal: AbortSignal,
): Promise<string> {
  const found = Promise.withResolvers<string>();
  found.promise.catch(() => {});
  signal.addEventListener('abort', () => found.reject(signal.reason), { once: true });
  const nothing = async () => {};
  const refuse = async () => 'I am still being set up.';
  const dispatch: Dispatch = {
    claim: async () => true,
    dropClaim: nothing,
    async message(message) {
      if (addresseeOf(message.address) !== 'bot' || !wordsIn(message.parts).includes(word)) return;
      await thank(message, signal);
      found.resolve(accountOf(message.actor));
    },
    command: nothing,
    press: nothing,
    retract: nothing,
    view: async () => null,
    stop: nothing,
    unlocked: () => {},
    deleteAnswer: nothing,
    wasAsked: async () => false,
    edited: nothing,
    purchases: nothing,
    refusalOfCommand: refuse,
    refusalOfPress: refuse,
    hears: async () => false,
    channelRules: async () => NO_RULES,
    alive: nothing,
    away: async () => null,
    missed: nothing,
    joined: nothing,
    nameOperator: (text) => text,
    suggest: async () => [],
  };
  try {
    await adapter.start(dispatch);
    onConnected();
    return await found.promise;
  } finally {
    await adapter.stop();
  }
}

/** If the answer does not arrive, they are found all the same. */
async function thank({ surface }: PostedMessage, signal: AbortSignal): Promise<void> {
  const text = 'Thank you: you are an operator of this bot now. Go back to the setup.';
  await surface.tellPrivately({ text }, signal).catch(() => {});
}
