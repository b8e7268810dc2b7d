import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Reply } from '../../src/core/delivery/reply.ts';
import type { WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { LostPlace, Reopened } from '../../src/core/ports/adapter.ts';
import type { Button } from '../../src/core/ports/buttons.ts';
import { PlaceGone, RateLimited } from '../../src/core/ports/delivery-errors.ts';
import type { Urgency } from '../../src/core/ports/scope.ts';
import type { LiveMessage, MessageView, NoticeFile, Surface } from '../../src/core/ports/surface.ts';
import { longAnswer, wordsOf } from '../support/long-answer.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Sets up what the contract of `Surface` needs of one platform. */
export interface SurfaceHarness {
  /** Abilities that the platform does not have: places leave them out, and no test is made of them. Default none. */
  readonly lacks?: readonly Ability[];
  /** Whether another process finds no message whose id nobody stored, except the first. Default false. */
  readonly hidesUnstored?: boolean;
  /** Whether messages keep marks (`Surface.keepsMarks`). Default false. */
  readonly keepsMarks?: boolean;
  /** A fresh place where a person has just asked something that nobody has answered yet. */
  open(): Promise<SurfacePlace>;
}

type Ability = 'shut' | 'deleteMessage' | 'refuseFiles' | 'failNext';

/** The real adapter at one place of its loopback platform, and the eyes and hands of people there. */
export interface SurfacePlace {
  readonly surface: Surface;
  /** Those that the adapter reports its limits to. */
  readonly limiters: WriteLimiters;
  /** Shared by adapter, platform and reply. Has to move by itself: `createIdleClock()`. */
  readonly clock: Clock;
  /** Spellings that ping people, roles or everybody here, when somebody who may ping writes them. */
  readonly pingSpellings: readonly string[];
  /** How many pings the bot has caused. */
  readonly pings: () => number;
  /** The adapter's offences on the platform: limits run into, malformed calls, broken rules. */
  readonly violations: () => readonly string[];
  /** The messages of the answer as a person sees them now, oldest first. */
  readMessages(): Promise<readonly SeenAnswer[]>;
  /** All that this person can read here or got from the bot in private, the answer aside. */
  readAs(reader: 'asker' | 'bystander'): Promise<string>;
  /** The bot may not write here any more. */
  readonly shut?: () => Promise<void>;
  /** A person deletes a message of the answer. */
  readonly deleteMessage?: (index: number) => Promise<void>;
  /** As another process finds an answer again: `Adapter.reopen`. */
  readonly reopen: (lost: LostPlace) => Promise<Reopened | null>;
  /** The names of the files that a person sees with the answer, in order. */
  readonly filesSeen: () => readonly string[];
  /** From now on no file can be put here. */
  readonly refuseFiles?: () => void;
  /** Strikes the next call that opens or updates a message. */
  readonly failNext?: (write: 'open' | 'update', fault: WireFault) => void;
  close(): Promise<void>;
}

export interface SeenAnswer {
  /** All that can be read in the message, top to bottom, as the platform holds it: text, note and footer. */
  readonly text: string;
  readonly buttons: readonly Button[];
}

export type WireFault =
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number }
  /** The platform answers with a 5xx, and nothing has happened. */
  | { readonly kind: 'unavailable' }
  /** The platform does as asked, and the response never gets back: the connection drops. */
  | { readonly kind: 'lost' }
  /** The platform takes the call and does and says nothing, for ever. */
  | { readonly kind: 'silent' };

const ANSWER_ID = 'Answer-1_aB3';
const STOP: Button = { kind: 'stop', answerId: ANSWER_ID };
const RETRY: Button = { kind: 'retry', answerId: ANSWER_ID };

const never = new AbortController().signal;

/** The promises of `Surface` and `LiveMessage` that every adapter keeps, stated once. */
export function surfaceContract(name: string, harness: SurfaceHarness): void {
  describe(`${name} surface`, () => {
    let place: SurfacePlace | null = null;

    afterEach(async () => {
      await place?.close();
      place = null;
    });

    const { lacks = [], hidesUnstored = false, keepsMarks = false } = harness;
    /** Registers what the platform has; nothing of what it lacks. */
    const ifItCan = (ability: Ability, register: () => void) => {
      if (!lacks.includes(ability)) register();
    };

    /** Writes go through the limiter, as those of the reply engine do. */
    async function setUp() {
      const here = await harness.open();
      place = here;
      for (const ability of lacks) expect(here[ability], ability).toBeUndefined();
      expect(here.surface.keepsMarks ?? false, 'keepsMarks').toBe(keepsMarks);
      const missing = (ability: Ability) => () => {
        throw new Error(`the place has no ${ability}, and the harness does not say that it lacks it`);
      };
      const { surface, limiters } = here;
      return {
        ...here,
        shut: here.shut ?? missing('shut'),
        deleteMessage: here.deleteMessage ?? missing('deleteMessage'),
        refuseFiles: here.refuseFiles ?? missing('refuseFiles'),
        failNext: here.failNext ?? missing('failNext'),
        async open(view: MessageView, signal = never) {
          await surface.prepare?.(signal);
          return limiters.run(surface.openScope, always, () => surface.openMessage(view, signal), signal);
        },
        update: (message: LiveMessage, view: MessageView, signal = never) =>
          limiters.run(message.scope, always, () => message.update(view, signal), signal),
        read: async () => (await here.readMessages()).map((message) => message.text),
      };
    }

    it('shows an opened message with its text and its stop button', async () => {
      const { open, readMessages } = await setUp();
      await open(streaming('Hello there.'));
      const messages = await readMessages();
      expect(messages).toHaveLength(1);
      expect(messages[0]?.text).toContain('Hello there.');
      expect(messages[0]?.buttons).toEqual([STOP]);
    });

    it('makes the message equal to the newest view', async () => {
      const { open, update, read } = await setUp();
      const message = await open(streaming('One **tw**', 'One **tw'));
      await update(message, streaming('One **two** thr', 'One **two** thr'));
      await update(message, streaming('One **two** three four', 'One **two** three four'));
      const [text = '', ...others] = await read();
      expect(others).toEqual([]);
      expect(plain(text)).toContain('One two three four');
      expect(plain(text).match(/One/g)).toHaveLength(1);
    });

    it('takes the same view twice without a change', async () => {
      const { open, update, readMessages } = await setUp();
      const message = await open(streaming('One'));
      await update(message, streaming('One two'));
      const before = await readMessages();
      await update(message, streaming('One two'));
      expect(await readMessages()).toEqual(before);
    });

    it('goes on in the next message, in order, and takes the button off the sealed one', async () => {
      const { open, update, readMessages } = await setUp();
      const first = await open(streaming('first'));
      await update(first, sealed('first part'));
      const second = await open(streaming('second'));
      await update(second, sealed('second part'));
      await open(streaming('third part'));
      const messages = await readMessages();
      expect(messages.map((message) => plain(message.text).trim())).toEqual([
        'first part',
        'second part',
        'third part',
      ]);
      expect(messages.map((message) => message.buttons)).toEqual([[], [], [STOP]]);
    });

    it('shows full messages that are posted as they stay, without a button', async () => {
      const { open, readMessages } = await setUp();
      await open(sealed('first part'));
      await open(sealed('second part'));
      await open(streaming('third part'));
      const messages = await readMessages();
      expect(messages.map(({ text }) => plain(text).trim())).toEqual([
        'first part',
        'second part',
        'third part',
      ]);
      expect(messages.map(({ buttons }) => buttons)).toEqual([[], [], [STOP]]);
    });

    it('names each message by a key of its own that stays', async () => {
      const { open, update } = await setUp();
      const first = await open(streaming('first'));
      const key = first.key;
      await update(first, sealed('first part'));
      const second = await open(streaming('second'));
      expect(key).not.toBe('');
      expect(first.key).toBe(key);
      expect(second.key).not.toBe(key);
    });

    it('ends with the footer and a retry button, and without a stop button', async () => {
      const { open, update, readMessages } = await setUp();
      const message = await open(streaming('An ans'));
      await update(message, ended('An answer.', { footer: 'Some Model, 3 s' }));
      const messages = await readMessages();
      expect(messages).toHaveLength(1);
      expect(messages[0]?.buttons).toEqual([RETRY]);
      expectInOrder(messages[0]?.text, 'An answer.', 'Some Model, 3 s');
    });

    it('shows why the answer ended early after what had arrived', async () => {
      const { open, update, read } = await setUp();
      const message = await open(streaming('Half an ans'));
      await update(
        message,
        ended('Half an ans', {
          status: 'failed',
          note: 'The provider went away.',
          footer: 'Some Model, 3 s',
        }),
      );
      const [text] = await read();
      expectInOrder(text, 'Half an ans', 'The provider went away.', 'Some Model, 3 s');
    });

    it('shows the note of a sealed message too', async () => {
      const { open, update, read } = await setUp();
      const message = await open(streaming('first part'));
      await update(message, { ...sealed('first part'), note: 'A piece is missing here.' });
      await open(streaming('second part'));
      const [text] = await read();
      expectInOrder(text, 'first part', 'A piece is missing here.');
    });

    it('shows a note alone where no text ever came', async () => {
      const { open, readMessages } = await setUp();
      await open(ended('', { status: 'failed', note: 'The provider went away.' }));
      const messages = await readMessages();
      expect(messages).toHaveLength(1);
      expect(messages[0]?.text).toContain('The provider went away.');
      expect(messages[0]?.buttons).toEqual([RETRY]);
    });

    it('has room for a text of the full length with note, footer and buttons beside it', async () => {
      const { surface, open, read, violations } = await setUp();
      const note = 'n'.repeat(300);
      const footer = 'f'.repeat(200);
      const text = filled('word ', surface, surface.tailLength?.({ status: 'failed', note, footer }));
      await open({
        ...ended(text, { status: 'failed', note, footer }),
        buttons: [RETRY, { kind: 'continue', answerId: 'c'.repeat(40) }],
      });
      const [seen] = await read();
      expectInOrder(seen, text, note, footer);
      expect(violations()).toEqual([]);
    });

    it.each(['&<>', '@everyone ', '🏳️‍🌈', '語', '*_`~|'])(
      'has room for a full message of %j',
      async (unit) => {
        const { surface, open, update, readMessages, violations } = await setUp();
        const text = filled(unit, surface);
        const message = await open(streaming(text));
        await update(message, ended(text, {}));
        expect(await readMessages()).toHaveLength(1);
        expect(violations()).toEqual([]);
      },
    );

    it('lets nothing in an answer or a notice ping anybody', async () => {
      const { surface, pingSpellings, open, update, read, readAs, pings } = await setUp();
      expect(pingSpellings.length).toBeGreaterThan(0);
      const all = pingSpellings.join(' and ');
      const message = await open(streaming(`Hi ${all}`));
      await update(message, streaming(`Hi ${all} and again ${all}`));
      await update(
        message,
        ended(`Hi ${all} and again ${all} done`, { status: 'failed', note: all, footer: all.slice(0, 200) }),
      );
      await surface.tellPrivately({ text: `psst ${all}` }, never);
      expect((await read())[0]).toContain('done');
      expect(await readAs('asker')).toContain('psst');
      expect(pings()).toBe(0);
    });

    it('pings nobody with a spelling that arrives in pieces', async () => {
      const { pingSpellings, open, update, pings } = await setUp();
      const spelling = pingSpellings[0] ?? '';
      let text = 'Hi ';
      const message = await open(streaming(text));
      for (const piece of spelling) {
        text += piece;
        await update(message, streaming(text));
      }
      await update(message, ended(text, {}));
      expect(pings()).toBe(0);
    });

    it('tells it to the asker alone, whatever the length', async () => {
      const { surface, readAs, readMessages } = await setUp();
      const words = Array.from({ length: 900 }, (_, index) => `s${index}`);
      await surface.tellPrivately({ text: words.join(' ') }, never);
      const heard = (await readAs('asker')).match(/\bs\d+\b/g) ?? [];
      expect(heard).toEqual(words);
      expect(await readAs('bystander')).not.toMatch(/\bs\d+\b/);
      expect(await readMessages()).toEqual([]);
    });

    it('takes any sequence of activities without a fault', async () => {
      const { surface, open, violations } = await setUp();
      for (const activity of ['queued', 'queued', 'working', 'idle', 'idle', 'working'] as const) {
        surface.indicate(activity);
      }
      const message = await open(streaming('Hello'));
      expect(message.key).not.toBe('');
      surface.indicate('idle');
      expect(violations()).toEqual([]);
    });

    it('leaves nothing of what it says of the queue in the answer', async () => {
      const { surface, open, update, read, violations } = await setUp();
      surface.indicate('queued');
      surface.waits?.('Your question is number 3 in the queue.');
      surface.waits?.('Your question is number 2 in the queue.');
      surface.indicate('working');
      const message = await open(streaming('Hello'));
      await update(message, streaming('Hello there'));
      surface.indicate('idle');
      await waitUntil(async () => {
        const texts = await read();
        expect(texts.join('\n')).toContain('Hello there');
        expect(texts.join('\n')).not.toContain('in the queue');
      });
      expect(violations()).toEqual([]);
    });

    it('shows nothing where the signal has aborted before', async () => {
      const { surface, readMessages } = await setUp();
      await expect(surface.openMessage(streaming('Hello'), AbortSignal.abort())).rejects.toThrow();
      expect(await readMessages()).toEqual([]);
    });

    ifItCan('failNext', () => {
      it('stops a write that hangs as soon as the signal aborts', async () => {
        const { open, update, clock, failNext } = await setUp();
        for (const write of ['open', 'update'] as const) {
          const message = write === 'open' ? null : await open(streaming('Hello'));
          failNext(write, { kind: 'silent' });
          const leaving = new AbortController();
          const writing =
            message === null
              ? open(streaming('Hello'), leaving.signal)
              : update(message, streaming('Hello there'), leaving.signal);
          const outcome = expect(writing).rejects.toThrow();
          await clock.sleep(1_000);
          leaving.abort();
          await outcome;
        }
      });
    });

    ifItCan('deleteMessage', () => {
      it('says that the place is gone where a message was deleted', async () => {
        const { open, update, deleteMessage } = await setUp();
        const message = await open(streaming('Hello'));
        await deleteMessage(0);
        const gone = await caught(update(message, streaming('Hello there')));
        expect(gone).toBeInstanceOf(PlaceGone);
        expect(gone).toMatchObject({ reason: 'deleted' });
      });
    });

    ifItCan('shut', () => {
      it('says that the place is gone where the bot may not write any more', async () => {
        const { open, shut } = await setUp();
        await shut();
        expect(await caught(open(streaming('Hello')))).toBeInstanceOf(PlaceGone);
      });
    });

    ifItCan('failNext', () => {
      it('passes on how long a rate limit asks to wait, and shows nothing meanwhile', async () => {
        const { open, update, failNext, read } = await setUp();
        failNext('open', { kind: 'rate-limited', retryAfterMs: 3_000 });
        expectWait(await caught(open(streaming('One'))), 3_000);
        expect(await read()).toEqual([]);
        const message = await open(streaming('One'));

        failNext('update', { kind: 'rate-limited', retryAfterMs: 7_000 });
        expectWait(await caught(update(message, streaming('One two'))), 7_000);
        await update(message, streaming('One two'));
        const [text = '', ...others] = await read();
        expect(others).toEqual([]);
        expect(plain(text)).toContain('One two');
      });
    });

    ifItCan('failNext', () => {
      it.for(['unavailable', 'lost'] as const)(
        'doubles nothing where a write fails once (%s) and is tried again with more',
        async (kind) => {
          const { open, update, clock, failNext, read } = await setUp();
          failNext('open', { kind });
          const message = await again(clock, (attempt) =>
            open(streaming(attempt === 0 ? 'alpha' : 'alpha beta')),
          );
          await update(message, streaming('alpha beta gamma'));
          failNext('update', { kind });
          await again(clock, (attempt) =>
            update(
              message,
              streaming(attempt === 0 ? 'alpha beta gamma delta' : 'alpha beta gamma delta epsilon'),
            ),
          );
          await update(message, ended('alpha beta gamma delta epsilon zeta', {}));
          const messages = await read();
          expect(messages).toHaveLength(1);
          expect(plain(messages[0] ?? '').match(/alpha|beta|gamma|delta|epsilon|zeta/g)).toEqual([
            'alpha',
            'beta',
            'gamma',
            'delta',
            'epsilon',
            'zeta',
          ]);
        },
      );
    });

    /** An answer with images, as the reply engine shows it. */
    async function showImages(deltas: readonly string[], note: string | null) {
      const { surface, limiters, clock } = place as SurfacePlace;
      const reply = new Reply({
        surface,
        limiters,
        clock,
        log: pino({ level: 'silent' }),
        answerId: ANSWER_ID,
        onOpen: () => {},
        signal: never,
      });
      for (const delta of deltas) {
        reply.write(delta);
        await clock.sleep(2_000);
      }
      const files = [imageNamed('image-1.png'), imageNamed('image-2.png')];
      return reply.finish({ status: 'complete', note, footer: 'The end.', buttons: [RETRY], files });
    }

    it.each([
      ['text that has grown', ['One fjord. ', 'Two fjords.']],
      ['no text', []],
    ])('shows images beside %s, each once', async (_, deltas) => {
      const { readMessages, filesSeen, violations } = await setUp();
      expect(await showImages(deltas, null)).toBe(true);
      expect(filesSeen()).toEqual(['image-1.png', 'image-2.png']);
      const [message, ...others] = await readMessages();
      expect(others).toEqual([]);
      expectInOrder(message?.text, ...deltas.map((delta) => delta.trim()), 'The end.');
      expect(message?.text).not.toContain('could not be uploaded');
      expect(message?.buttons).toEqual([RETRY]);
      expect(violations()).toEqual([]);
    });

    ifItCan('refuseFiles', () => {
      it.for<[string, string[]]>([
        ['short', ['One fjord. ', 'Two fjords.']],
        ['absent', []],
        ['as long as one message', ['full']],
      ])('says that images are missing where they cannot be put, with text that is %s', async ([, given]) => {
        const { surface, readMessages, filesSeen, refuseFiles } = await setUp();
        const deltas = given[0] === 'full' ? [filled('fjord ', surface)] : given;
        refuseFiles();
        expect(await showImages(deltas, 'Cut here.')).toBe(true);
        expect(filesSeen()).toEqual([]);
        const messages = await readMessages();
        const text = messages.map((message) => message.text).join('\n');
        expectInOrder(
          text,
          ...deltas.map((delta) => delta.trim().slice(0, 20)),
          'Cut here. The 2 images of this answer could not be uploaded here.',
          'The end.',
        );
        expect(messages.at(-1)?.buttons).toEqual([RETRY]);
      });
    });

    describe('that another process finds again', () => {
      const referenceOf = ({ reference }: Surface) => reference ?? expect.fail('it has no reference');

      it('goes on in the message that grew', async () => {
        const { surface, reopen, open, update, read } = await setUp();
        await open(streaming('One'));
        const found = await reopen({ reference: referenceOf(surface), answerId: ANSWER_ID });
        expect(found?.message).toMatchObject({ text: 'One', isEnded: false });
        const message = found?.message?.live ?? expect.fail('there is a message');
        await update(message, ended('One two', { status: 'interrupted' }));
        const [text = '', ...others] = await read();
        expect(others).toEqual([]);
        expect(plain(text)).toMatch(/^One two/);
      });

      if (keepsMarks) {
        it('is known by its mark where it is full and nobody stored it', async () => {
          const { surface, reopen, open, update, read } = await setUp();
          const { key } = await open(streaming('First'));
          let reference = referenceOf(surface);
          const find = () => reopen({ reference, answerId: ANSWER_ID });
          expect(await find()).toMatchObject({ message: { live: { key } } });
          await update((await find())?.message?.live ?? expect.fail('it is there'), sealed('First part'));
          expect(await find()).toMatchObject({ message: null, sealed: 1, sealedKeys: [key] });
          const second = await open({ ...sealed('Second part'), mark: { answerId: ANSWER_ID, index: 1 } });
          const sealedKeys = [key, second.key];
          expect(await find()).toMatchObject({ message: null, sealed: 2, sealedKeys });
          const another = await reopen({ reference, answerId: 'another' });
          expect([another?.message, another?.sealed]).toEqual([null, undefined]);
          await open({ ...streaming('Third'), mark: { answerId: ANSWER_ID, index: 2 } });
          // A native stream has no mark while it runs.
          reference = referenceOf(surface);
          expect(await find()).toMatchObject({ message: { text: 'Third', isEnded: false }, sealedKeys });
          expect((await read()).map((text) => plain(text).trim())).toEqual([
            'First part',
            'Second part',
            'Third',
          ]);
        });
      }

      it.each(hidesUnstored ? [1] : [1, 2, 3])(
        'is whole, and each message there once, where the process dies when message %i was posted and not stored',
        { timeout: 60_000 },
        async (count) => {
          const { surface, limiters, clock, reopen, readMessages, violations } = await setUp();
          // Of four messages and more; a word has some six characters.
          const answer = longAnswer(Math.min(4_000, Math.ceil(surface.limits.maxChars * 0.75)));
          const dies = new AbortController();
          let known = { sealed: 0, message: null as string | null, reference: referenceOf(surface) };
          let opened = 0;
          const options = { limiters, clock, log: pino({ level: 'silent' }), answerId: ANSWER_ID };
          const reply = new Reply({
            ...options,
            surface,
            async onOpen() {
              if (++opened === count) dies.abort();
              if (opened < count) known = { ...reply.progress(), reference: referenceOf(surface) };
            },
            signal: dies.signal,
          });
          reply.write(answer);
          await waitUntil(() => expect(dies.signal.aborted).toBe(true));

          const found = await reopen({ reference: known.reference, answerId: ANSWER_ID });
          if (found === null) throw new Error('the place is there');
          const { message, sealed: marked = 0 } = found;
          const isCompleted = known.message !== null && known.message !== message?.live.key;
          const heir = new Reply({
            ...options,
            surface: found.surface,
            onOpen: () => {},
            signal: never,
            resumed: {
              sealed: Math.max(isCompleted ? known.sealed + 1 : known.sealed, marked),
              message,
              isWhole: false,
            },
          });
          heir.write(answer);
          await heir.finish({ status: 'interrupted', note: null, footer: 'The end.', buttons: [RETRY] });
          const messages = await readMessages();
          expect(wordsOf(messages.map(({ text }) => text).join('\n'))).toEqual(wordsOf(answer));
          expect(messages.flatMap(({ buttons }) => buttons)).toEqual([RETRY]);
          expect(violations()).toEqual([]);
        },
      );

      it('tells one that has ended', async () => {
        const { surface, reopen, open, update } = await setUp();
        await update(await open(streaming('One')), ended('One two', {}));
        const found = await reopen({ reference: referenceOf(surface), answerId: ANSWER_ID });
        expect(found?.message).toMatchObject({ text: 'One two', isEnded: true });
      });

      it('begins where nothing stood yet, once, whichever of both posts it', async () => {
        const { surface, limiters, reopen, read } = await setUp();
        const reference = referenceOf(surface);
        const found = await reopen({ reference, answerId: null });
        expect(found?.message).toBeNull();
        const again = found?.surface ?? expect.fail('there is a place');
        await again.prepare?.(never);
        await limiters.run(
          again.openScope,
          always,
          () => again.openMessage(ended('One', { status: 'interrupted' }), never),
          never,
        );
        expect(await read()).toHaveLength(1);
      });

      it.each(['', 'not JSON', '{}', '{"kind":"message"}', '[]'])(
        'gives up a reference that cannot be read: %j',
        async (reference) => {
          const { reopen } = await setUp();
          expect(await reopen({ reference, answerId: ANSWER_ID })).toBeNull();
        },
      );
    });

    it('holds a streamed answer of 2,000 words whole, once, in order, and readable all the time', {
      timeout: 60_000,
    }, async () => {
      const { surface, limiters, clock, readMessages, violations } = await setUp();
      const answer = longAnswer(2_000);
      const opened: string[] = [];
      const reply = new Reply({
        surface,
        limiters,
        clock,
        log: pino({ level: 'silent' }),
        answerId: ANSWER_ID,
        onOpen: (message) => void opened.push(message.key),
        signal: never,
      });
      for (let at = 0, piece = 0; at < answer.length; at += 150, piece++) {
        reply.write(answer.slice(at, at + 150));
        await clock.sleep(250);
        if (piece % 10 === 0) expectBalanced(await readMessages());
      }
      expect(
        await reply.finish({ status: 'complete', note: null, footer: 'The end.', buttons: [RETRY] }),
      ).toBe(true);

      const messages = await readMessages();
      expect(wordsOf(messages.map((message) => message.text).join('\n'))).toEqual(wordsOf(answer));
      expectBalanced(messages);
      expect(new Set(opened).size).toBe(messages.length);
      expect(messages.flatMap((message) => message.buttons)).toEqual([RETRY]);
      expect(messages.at(-1)?.buttons).toEqual([RETRY]);
      expect(messages.at(-1)?.text).toContain('The end.');
      expect(violations()).toEqual([]);
    });
  });
}

function imageNamed(name: string): NoticeFile {
  return {
    name,
    mediaType: 'image/png',
    bytes: Buffer.from('89504e470d0a1a0a', 'hex'),
    description: `Called ${name}`,
  };
}

function always(): Urgency {
  return 'last';
}

/** Views are of an answer's first message unless they say otherwise. */
const FIRST = { answerId: ANSWER_ID, index: 0 };

function streaming(text: string, source: string = text): MessageView {
  return { text, source, status: 'streaming', note: null, footer: null, buttons: [STOP], mark: FIRST };
}

function sealed(text: string): MessageView {
  return { text, source: text, status: 'sealed', note: null, footer: null, buttons: [], mark: FIRST };
}

function ended(text: string, rest: Partial<Pick<MessageView, 'status' | 'note' | 'footer'>>): MessageView {
  return {
    text,
    source: text,
    status: 'complete',
    note: null,
    footer: null,
    buttons: [RETRY],
    mark: FIRST,
    ...rest,
  };
}

/** As many of `unit` as one message holds, the last one cut short where that fills it better. */
function filled(unit: string, { limits }: Surface, tailLength = 0): string {
  const { lengthOf = (text: string) => text.length } = limits;
  const maxChars = limits.maxChars - tailLength;
  let text = unit.repeat(Math.floor(maxChars / lengthOf(unit)));
  for (const piece of unit.trimEnd()) {
    if (lengthOf(text + piece) > maxChars) break;
    text += piece;
  }
  return text.trimEnd();
}

/** Without what marks emphasis, which platforms spell differently. */
function plain(text: string): string {
  return text.replace(/[*_]/g, '');
}

function expectInOrder(text: string | undefined, ...pieces: readonly string[]): void {
  let from = 0;
  for (const piece of pieces) {
    const at = text?.indexOf(piece, from) ?? -1;
    expect(at, `${JSON.stringify(piece)} after character ${from} of ${JSON.stringify(text)}`).not.toBe(-1);
    from = at + piece.length;
  }
}

function expectWait(error: unknown, retryAfterMs: number): void {
  expect(error).toBeInstanceOf(RateLimited);
  const wait = (error as RateLimited).retryAfterMs;
  // Platforms round to seconds, and libraries add a little.
  expect(wait).toBeGreaterThanOrEqual(retryAfterMs);
  expect(wait).toBeLessThanOrEqual(retryAfterMs + 1_500);
}

function expectBalanced(messages: readonly SeenAnswer[]): void {
  for (const { text } of messages) {
    const fences = text.split('\n').filter((line) => line.startsWith('```'));
    expect(fences.length % 2, `code fences of ${JSON.stringify(text)}`).toBe(0);
  }
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Tries as the reply engine does. A write may also have been tried again, and have succeeded, inside the adapter. */
async function again<T>(clock: Clock, write: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write(attempt);
    } catch (error) {
      if (attempt === 4 || error instanceof PlaceGone) throw error;
      if (!(error instanceof RateLimited)) await clock.sleep(500); // The limiter waits.
    }
  }
}
