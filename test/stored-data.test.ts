import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Collections by name, and the beginning of the row in README's table that describes each. */
const ROWS: Readonly<Record<string, string>> = {
  conversations: 'conversations:',
  places: 'conversations:',
  answers: 'what the buttons under an answer stand for',
  asked: 'what the buttons under an answer stand for',
  'answer-messages': 'what the buttons under an answer stand for',
  held: 'what the buttons under an answer stand for',
  usage: 'what each request cost',
  feedback: 'what people thought of answers',
  outcomes: 'how answers went',
  listening: 'where the bot listens',
  talked: 'where the bot listens',
  streams: 'where the bot listens',
  settings: 'choices of models',
  personas: 'choices of models',
  guilds: 'tiers and limits that were set',
  limits: 'tiers and limits that were set',
  purchases: 'tiers and limits that were set',
  keys: 'API keys that were connected',
  'key-faults': 'API keys that were connected',
  'route-failures': 'which models failed in the last minutes',
  greetings: 'where the bot has introduced itself',
  'guild-names': 'where the bot has introduced itself',
  stops: 'where several processes share a store: who stopped what',
  pause: 'whether the bot is paused',
  audit: 'the audit log',
  playground: "the playground's own messages",
  'playground-files': 'files that people brought to the playground',
};

const sources = globSync('src/**/*.ts').map((path) => readFileSync(path, 'utf8'));

describe("README's table of what is stored", () => {
  it('tells of every collection and every log of records that there is', () => {
    const names = sources.flatMap((text) => [
      ...[...text.matchAll(/createCollection\(\s*\w+,\s*'([a-z-]+)'/g)].map(([, name = '']) => name),
      ...(text.includes('createRecordLog(') ? (/const KIND = '([a-z-]+)'/.exec(text)?.slice(1) ?? []) : []),
    ]);
    expect([...new Set(names)].toSorted()).toEqual(Object.keys(ROWS).toSorted());
  });

  it.each(Object.entries(ROWS))('has a row for %s', (_, row) => {
    expect(readFileSync('README.md', 'utf8')).toContain(`\n| ${row}`);
  });
});
