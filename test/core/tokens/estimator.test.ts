import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTokenEstimator, type TokenEstimator } from '../../../src/core/tokens/estimator.ts';

const open: TokenEstimator[] = [];
const logged: string[] = [];
const log = pino({}, { write: (line: string) => void logged.push(line) });

afterEach(async () => {
  await Promise.all(open.splice(0).map((estimator) => estimator.close()));
  logged.length = 0;
});

function estimatorWith(workerSource?: string): TokenEstimator {
  const workerUrl =
    workerSource === undefined
      ? undefined
      : new URL(`data:text/javascript,import{parentPort}from'node:worker_threads';${workerSource}`);
  const estimator = createTokenEstimator({ log, ...(workerUrl && { workerUrl }) });
  open.push(estimator);
  return estimator;
}

function randomCjk(chars: number): string {
  const codes = Array.from({ length: chars }, (_, at) => 0x4e00 + ((at * 7919) % 3_001));
  return String.fromCharCode(...codes);
}

describe('the token estimate', () => {
  const estimator = createTokenEstimator({ log });

  beforeAll(async () => {
    // The first call loads the tokenizer, and those that come meanwhile wait with it.
    const counts = ['hello hello world', 'hello'].map((text) => estimator.count(text));
    expect(await Promise.all(counts)).toEqual([3, 1]);
  });
  afterAll(() => estimator.close());

  it.each([
    ['English', 'The quick brown fox jumps over the lazy dog. '.repeat(20)],
    ['code', 'const tokens = pieces.reduce((sum, piece) => sum + count(piece), 0);\n'.repeat(10)],
    ['Chinese', '今天天气很好，我们去公园散步吧。'.repeat(20)],
    ['emoji', '👩‍👩‍👧‍👦🏳️‍🌈🎉'.repeat(20)],
    ['nothing', ''],
  ])('is what the tokenizer counts for %s of the length of a message', async (_, text) => {
    expect(await estimator.count(text)).toBe(countTokens(text));
  });

  it('stays within a hundredth of the tokenizer on a text that has to be cut', async () => {
    const text = 'Tokens are counted in pieces, and that must hardly show. '.repeat(1_000);
    const exact = countTokens(text);
    const estimate = await estimator.count(text);
    expect(estimate).toBeGreaterThanOrEqual(exact);
    expect(estimate).toBeLessThan(exact * 1.01);
  });

  it('takes special tokens in a text for text', async () => {
    const text = '<|endoftext|> and <|im_start|>';
    expect(await estimator.count(text)).toBe(countTokens(text, { disallowedSpecial: new Set() }));
  });

  it.each([
    ['100,000 CJK characters', randomCjk(100_000)],
    ['100,000 characters of base64', Buffer.from(randomCjk(25_000)).toString('base64')],
    ['200,000 times one letter', 'a'.repeat(200_000)],
    ['7,000 special tokens', '<|endoftext|>'.repeat(7_000)],
    ['50,000 combining marks', '\u0301\u0316'.repeat(25_000)],
  ])('of %s leaves this thread all but idle', async (_, text) => {
    const before = process.threadCpuUsage();
    const tokens = await estimator.count(text);
    const used = process.threadCpuUsage(before);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(estimator.upperBound(text));
    expect((used.user + used.system) / 1_000).toBeLessThan(100);
  });

  it('of a text that would keep all others waiting is the byte bound', async () => {
    expect(await estimator.count('a'.repeat(1_000_001))).toBe(1_000_001);
  });

  it('of texts that are more than the thread can take is the byte bound, and of the others what they count', async () => {
    const text = 'a'.repeat(300_000);
    const counts = await Promise.all([1, 2, 3, 4].map(() => estimator.count(text)));
    expect(counts).toEqual([37_500, 37_500, 37_500, 300_000]);
    expect(await estimator.count('hello hello world')).toBe(3);
  });

  it('ends with the reason of the signal, and goes on with what waits behind', async () => {
    const first = estimator.count(randomCjk(20_000));
    const abort = new AbortController();
    const second = estimator.count('never counted', abort.signal);
    const third = estimator.count('hello hello world');
    abort.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    expect(await third).toBe(3);
    expect(await first).toBeGreaterThan(0);
    await expect(estimator.count('x', abort.signal)).rejects.toThrow('stopped');
  });

  it('goes on after the answer of a count that was given up while it ran', async () => {
    const abort = new AbortController();
    const running = estimator.count(randomCjk(20_000), abort.signal);
    const next = estimator.count('hello hello world');
    abort.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    expect(await next).toBe(3);
  });
});

describe('a tokenizer that does not run', () => {
  const CRASHES = `parentPort.on('message',()=>{throw new Error('out of memory')});parentPort.postMessage('ready');`;

  it('leaves the byte bound to those that wait, and is started again', async () => {
    const counting = `parentPort.on('message',(text)=>{if(text==='crash')throw new Error();parentPort.postMessage(3)});parentPort.postMessage('ready');`;
    const estimator = estimatorWith(counting);
    expect(await estimator.count('before')).toBe(3);
    expect(await Promise.all([estimator.count('crash'), estimator.count('four')])).toEqual([5, 4]);
    expect(await estimator.count('after')).toBe(3);
  });

  it('is given up after three failures in a row, and that is said once', async () => {
    const estimator = estimatorWith(CRASHES);
    while (!logged.some((line) => line.includes('does not run'))) {
      expect(await estimator.count('héllo')).toBe(6);
      await sleep(2);
    }
    for (let call = 0; call < 50; call++) {
      expect(await estimator.count('héllo')).toBe(6);
      await sleep(2);
    }
    expect(logged.filter((line) => line.includes('the tokenizer failed'))).toHaveLength(3);
    expect(logged.filter((line) => line.includes('does not run'))).toHaveLength(1);
  });

  it('leaves the byte bound where it cannot even be loaded', async () => {
    const estimator = estimatorWith(`throw new Error('no such file')`);
    while (!logged.some((line) => line.includes('does not run'))) {
      expect(await estimator.count('abc')).toBe(3);
      await sleep(2);
    }
  });
});

describe('close', () => {
  it('answers what waits with the byte bound, and what comes after', async () => {
    const estimator = estimatorWith();
    expect(await estimator.count('hello hello world')).toBe(3);
    const text = randomCjk(50_000);
    const counts = Promise.all([estimator.count(text), estimator.count('abc')]);
    await estimator.close();
    expect(await counts).toEqual([150_000, 3]);
    expect(await estimator.count('hello hello world')).toBe(17);
  });

  it('answers what waits for the tokenizer to load', async () => {
    const estimator = estimatorWith();
    const count = estimator.count('hello hello world');
    await estimator.close();
    expect(await count).toBe(17);
  });

  it('does not need to be called for the process to end', async () => {
    const module = new URL('../../../src/core/tokens/estimator.ts', import.meta.url);
    const script = `
      import { createTokenEstimator } from ${JSON.stringify(module.href)};
      const estimator = createTokenEstimator({ log: console });
      const alive = setInterval(() => {}, 1_000);
      await estimator.count('hello hello world');
      clearInterval(alive);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    try {
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
