import { describe, expect, it } from 'vitest';
import { ownerOfKeyIn } from '../../../../src/core/kit/secrets/api-keys.ts';

const random = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF4hJ6kL8n';

describe('a text with a key in it', () => {
  it.each([
    ['OpenRouter', `my key is sk-or-v1-${random}, is it fine?`],
    ['OpenAI', `OPENAI_API_KEY=sk-proj-${random}`],
    ['OpenAI', `"sk-${random}"`],
    ['Anthropic', `sk-ant-api03-${random}`],
    ['Slack', `xoxb-123456789012-${random}`],
    ['Discord', `M${random.slice(0, 25)}.GxYz1a.${random.slice(0, 30)}`],
    ['GitHub', `ghp_${random}`],
    ['Google', `AIza${random.slice(0, 35)}`],
    ['AWS', 'AKIAIOSFODNN7EXAMPL2'],
    ['Stripe', `sk_live_${random}`],
    ['somebody', `-----BEGIN RSA PRIVATE KEY-----\n${random}${random}\n`],
  ])('is told: %s', (owner, text) => expect(ownerOfKeyIn(text)).toBe(owner));

  it.each([
    'What is sk-learn, and how do I write sk-your-api-key-goes-here into .env?',
    'sk-xxxxxxxxxxxxxxxxxxxxxxxx1',
    'see risk-assessment-2026-of-the-largest-banks-in-europe',
    'the task-1234567890-abcdefghij-klmnop',
    'commit 3f2504e04f8911d39a0c0305e82c3301aa, uuid 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'https://example.com/sk/aB3dE5gH7jK9mN1pQ3sT5vW7',
    '-----BEGIN PRIVATE KEY----- stands at its beginning',
    'Kafka’s Josef K. and ghp_ tokens',
  ])('is not found in %s', (text) => expect(ownerOfKeyIn(text)).toBeNull());

  it('is looked for in time in proportion to its length', () => {
    const startedAtMs = performance.now();
    for (const half of ['sk-', 'sk-or-', 'M'.repeat(24), 'SG.', 'xoxb-', '-----BEGIN RSA PRIVATE KEY-----'])
      ownerOfKeyIn(half.repeat(Math.ceil(40_000 / half.length)));
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
