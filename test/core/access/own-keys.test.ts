import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../../src/core/access/audit.ts';
import { createKeyStore } from '../../../src/core/access/key-store.ts';
import { createKeyWarnings } from '../../../src/core/access/key-warnings.ts';
import { createOwnKeys, type KeyFailure, type OwnKeys } from '../../../src/core/access/own-keys.ts';
import { createOnce } from '../../../src/core/coordination/once.ts';
import { ProviderError, type ProviderErrorCode } from '../../../src/core/ports/provider-errors.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { tapStore } from '../../support/tapped-store.ts';

const GUILD = 'discord:1';
const ADA = { by: 'discord:42' };
const KEY = 'sk-or-v1-0123456789abcdef';
const never = new AbortController().signal;

let clock: FakeClock;
let store: Store;
let failures: KeyFailure[];
let asked: string[];
let keys: OwnKeys;
let logged: string[];
const first = randomBytes(32);

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log: createLogRecorder().log });
  failures = [];
  asked = [];
  logged = [];
  keys = keysWith(first);
});
afterEach(() => store.close());

/** A process of its own on the store, with these values of `ENCRYPTION_KEY` and `ENCRYPTION_KEY_OLD`. */
function keysWith(...encryptionKeys: Buffer[]): OwnKeys {
  return keysOn(store, ...encryptionKeys);
}

function keysOn(onStore: Store, ...encryptionKeys: Buffer[]): OwnKeys {
  const provider = (id: string) => ({
    async checkKey(key: string) {
      asked.push(`${id} ${key}`);
      if (key === 'sk-nobody-there') throw new ProviderError({ code: 'unreachable', provider: id });
      return key.startsWith('sk-');
    },
  });
  const { log, lines } = createLogRecorder();
  logged = lines;
  return createOwnKeys({
    keys: createKeyStore({ store: onStore, encryptionKeys, clock }),
    providers: new Map(['openrouter', 'openai', 'lab'].map((id) => [id, provider(id)])),
    onFailure: (failure) => void failures.push(failure),
    clock,
    log,
  });
}

async function connect(secret = KEY, of = keys): Promise<boolean> {
  return of.connect(GUILD, 'openrouter', secret, ADA, never);
}

const fault = (code: ProviderErrorCode) => new ProviderError({ code, provider: 'OpenRouter', ownKey: true });
const audit = async () =>
  (await Array.fromAsync(createAuditLog(store.records).query({}))).map(
    ({ action, from, to, by }) => `${by} ${action}: ${from} → ${to}`,
  );

describe('a key that a guild brings', () => {
  it('is kept where its provider takes it, and is in use from the next request on, in every process', async () => {
    expect(await connect()).toBe(true);
    expect(asked).toEqual([`openrouter ${KEY}`]);
    const other = keysWith(first);
    expect(await other.of(GUILD)).toEqual([
      {
        provider: 'openrouter',
        lastFour: 'cdef',
        by: 'discord:42',
        connectedAtMs: clock.now(),
        fault: null,
        isResting: false,
      },
    ]);
    expect((await other.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
    expect(await audit()).toEqual(['discord:42 key.connect: null → OpenRouter …cdef']);
  });

  it('is nowhere in the store as it is', async () => {
    await connect();
    const stored: unknown = await valuesOf(store, 'keys').get(`${GUILD}/openrouter`);
    expect(JSON.stringify(stored)).toContain('cdef');
    expect(JSON.stringify(stored)).not.toContain('0123456789');
  });

  it('is not kept where its provider refuses it or cannot be asked, and the one before stays', async () => {
    await connect();
    expect(await connect('no key')).toBe(false);
    await expect(connect('sk-nobody-there')).rejects.toMatchObject({ code: 'unreachable' });
    expect((await keys.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
    expect(await audit()).toHaveLength(1);
  });

  it('is that guild’s and that provider’s alone, also where somebody moves it in the store', async () => {
    await connect();
    expect(await keys.of('discord:2')).toEqual([]);
    expect(await keys.useKey('discord:2', 'openrouter')).toBeNull();
    expect(await keys.useKey(GUILD, 'openai')).toBeNull();
    const keyv = valuesOf(store, 'keys');
    await keyv.set('discord:2/openrouter', await keyv.get(`${GUILD}/openrouter`));
    await keyv.set(`${GUILD}/openai`, await keyv.get(`${GUILD}/openrouter`));
    expect(await keys.useKey('discord:2', 'openrouter')).toBeNull();
    expect(await keys.useKey(GUILD, 'openai')).toBeNull();
    expect(await keys.of('discord:2')).toMatchObject([{ fault: 'unreadable', isResting: true }]);
  });

  it('takes the place of the one before, and is gone when it is taken back', async () => {
    await connect();
    await connect('sk-or-v1-another-one-9876');
    expect((await keys.useKey(GUILD, 'openrouter'))?.secret).toBe('sk-or-v1-another-one-9876');
    await (await keys.useKey(GUILD, 'openrouter'))?.failed(fault('no_credit'));
    expect(await keys.disconnect(GUILD, 'openrouter', ADA)).toBe(true);
    expect(await Array.fromAsync(store.keys('key-faults', ''))).toEqual([]);
    expect(await keys.disconnect(GUILD, 'openrouter', ADA)).toBe(false);
    expect(await keys.of(GUILD)).toEqual([]);
    expect(await audit()).toEqual([
      'discord:42 key.disconnect: OpenRouter …9876 → null',
      'discord:42 key.connect: OpenRouter …cdef → OpenRouter …9876',
      'discord:42 key.connect: null → OpenRouter …cdef',
    ]);
  });

  it('takes the place of a record that cannot be read, or takes that away', async () => {
    const spoil = () => valuesOf(store, 'keys').set(`${GUILD}/openrouter`, 'no key');
    await spoil();
    expect(await connect()).toBe(true);
    expect((await keys.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
    await spoil();
    expect(await keys.disconnect(GUILD, 'openrouter', ADA)).toBe(true);
    expect(await keys.of(GUILD)).toEqual([]);
    expect(await audit()).toEqual([
      'discord:42 key.disconnect: OpenRouter …unreadable → null',
      'discord:42 key.connect: OpenRouter …unreadable → OpenRouter …cdef',
    ]);
  });

  it('leaves a log without a gap where two are connected at the same moment', async () => {
    await connect();
    await Promise.all([connect('sk-1111'), connect('sk-2222')]);
    const entries = await Array.fromAsync(createAuditLog(store.records).query({}));
    expect(new Set(entries.map(({ from }) => from)).size).toBe(3);
  });

  it('is for the two providers that raise a tier, and for none where there is no ENCRYPTION_KEY', () => {
    expect(keys.providers).toEqual(['openrouter', 'openai']);
    expect(keysWith().providers).toEqual([]);
  });

  it('is not kept without an ENCRYPTION_KEY', async () => {
    await expect(connect(KEY, keysWith())).rejects.toThrow('there is no ENCRYPTION_KEY');
    expect(await keys.of(GUILD)).toEqual([]);
  });
});

describe('a key that fails', () => {
  const failing = async (code: ProviderErrorCode) =>
    (await keys.useKey(GUILD, 'openrouter'))?.failed(fault(code));
  const state = async () => {
    const [key] = await keys.of(GUILD);
    return { fault: key?.fault, isResting: key?.isResting };
  };

  beforeEach(() => connect());

  it.each(['bad_key', 'no_credit'] as const)(
    'with %s rests for an hour, and is told of once',
    async (code) => {
      await failing(code);
      await failing(code);
      expect(await state()).toEqual({ fault: code, isResting: true });
      await clock.advance(3_600_000);
      expect(await state()).toEqual({ fault: code, isResting: false });
      await failing(code);
      expect(await state()).toEqual({ fault: code, isResting: true });
      const connectedAtMs = clock.now() - 3_600_000;
      expect(failures).toEqual([
        { guild: GUILD, provider: 'openrouter', lastFour: 'cdef', connectedAtMs, fault: code },
      ]);
      const line = {
        guild: GUILD,
        provider: 'openrouter',
        fault: code,
        msg: 'an API key of a guild does not work',
      };
      expect(logged.map((each) => JSON.parse(each))).toEqual([
        expect.objectContaining(line),
        expect.objectContaining(line),
      ]);
    },
  );

  it('rests no longer because it fails again meanwhile, as when no other key leads to a model', async () => {
    await failing('no_credit');
    await clock.advance(1_800_000);
    await failing('no_credit');
    await clock.advance(1_800_000);
    expect(await state()).toEqual({ fault: 'no_credit', isResting: false });
  });

  it('for want of credit for a long answer has credit for a shorter one, and is as good as before', async () => {
    const short = new ProviderError({ code: 'no_credit', provider: 'OpenRouter', affordableTokens: 100 });
    await (await keys.useKey(GUILD, 'openrouter'))?.failed(short);
    expect(await state()).toEqual({ fault: null, isResting: false });
    expect(failures).toEqual([]);
  });

  it('by a fault of others is as good as before', async () => {
    for (const code of ['rate_limited', 'provider_down', 'timeout', 'moderated', 'forbidden'] as const) {
      await failing(code);
    }
    await (await keys.useKey(GUILD, 'openrouter'))?.failed(new Error('something else'));
    expect(await state()).toEqual({ fault: null, isResting: false });
    expect(failures).toEqual([]);
  });

  it('is good again when a request came through, and is told of again when it fails again', async () => {
    await failing('no_credit');
    await (await keys.useKey(GUILD, 'openrouter'))?.worked();
    expect(await state()).toEqual({ fault: null, isResting: false });
    await failing('no_credit');
    expect(failures).toHaveLength(2);
  });

  it('answers as before if its state cannot be stored, which the log has', async () => {
    const full = tapStore(store, ({ kind, namespace }) => {
      if (kind === 'write' && namespace === 'key-faults') throw new Error('no room');
    });
    await (await keysOn(full, first).useKey(GUILD, 'openrouter'))?.failed(fault('bad_key'));
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      guild: GUILD,
      provider: 'openrouter',
      err: { message: 'no room' },
      msg: "could not store the state of a guild's key",
    });
    expect(await state()).toEqual({ fault: null, isResting: false });
  });

  it('says nothing of the one that comes after it, however late its fault is heard of', async () => {
    const old = await keys.useKey(GUILD, 'openrouter');
    await clock.advance(1_000);
    await connect('sk-or-v1-another-one-9876');
    await old?.failed(fault('bad_key'));
    expect(await state()).toEqual({ fault: null, isResting: false });
    expect((await keys.useKey(GUILD, 'openrouter'))?.secret).toBe('sk-or-v1-another-one-9876');
  });
});

describe('the warning of a key that fails', () => {
  it('tells the admins what happened and what to do, once a day for each key', async () => {
    const told: string[] = [];
    const once = createOnce({ store, owner: 'process', clock, log: createLogRecorder().log });
    const warn = createKeyWarnings({
      once,
      tellAdmins: async (guild, { text }) => {
        told.push(`${guild}: ${text}`);
        return true;
      },
      clock,
    });
    const failure = { guild: GUILD, provider: 'openrouter', lastFour: '1a2b', connectedAtMs: 1 } as const;
    const words = async (...warnings: Parameters<typeof warn>[0][]) => {
      told.length = 0;
      for (const each of warnings) warn(each);
      await clock.advance(1_000);
      return told.toSorted();
    };
    const until = 'Until then, only models that the operator pays for are available.';
    const rejected = `discord:1: **An API key stopped working.** OpenRouter rejects the API key …1a2b that was connected in this server. Connect a new one with \`/connect\`, or remove it with \`/disconnect\`. ${until}`;
    const empty = `slack:T1: **An API key stopped working.** The OpenAI account of the API key …3c4d that was connected in this workspace has run out of credit. Top it up (the key is tried again within an hour), or connect another one with \`/connect\`. ${until}`;
    const other = {
      ...failure,
      guild: 'slack:T1',
      provider: 'openai',
      lastFour: '3c4d',
      fault: 'no_credit',
    } as const;
    expect(await words({ ...failure, fault: 'bad_key' }, other)).toEqual([rejected, empty]);
    expect(await words({ ...failure, fault: 'bad_key' }, { ...failure, fault: 'no_credit' }, other)).toEqual(
      [],
    );
    // A key that was connected since then is another one.
    expect(await words({ ...failure, connectedAtMs: 2, fault: 'bad_key' })).toEqual([rejected]);
    await clock.advance(86_400_000);
    expect(await words({ ...failure, fault: 'bad_key' })).toEqual([rejected]);
    await once.stop();
  });
});

describe('another ENCRYPTION_KEY', () => {
  const second = randomBytes(32);

  it('opens what the one before has sealed while both are there, and alone after that', async () => {
    await connect();
    await keys.connect(GUILD, 'openai', 'sk-proj-0123456789', ADA, never);
    const both = keysWith(second, first);
    expect((await both.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
    expect(await both.turnOver()).toEqual({ turned: 2, unreadable: 0 });
    expect(await both.turnOver()).toEqual({ turned: 0, unreadable: 0 });
    const alone = keysWith(second);
    expect((await alone.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
    expect((await alone.useKey(GUILD, 'openai'))?.secret).toBe('sk-proj-0123456789');
    expect(await keys.useKey(GUILD, 'openrouter')).toBeNull();
  });

  it('loses no key that is connected while keys are sealed anew', async () => {
    for (let round = 0; round < 20; round++) {
      await connect();
      const secret = `sk-or-v1-in-round-${round}-9876`;
      const other = keysWith(second, first);
      const third = keysWith(second, first);
      await Promise.all([other.turnOver(), third.connect(GUILD, 'openrouter', secret, ADA, never)]);
      expect((await other.useKey(GUILD, 'openrouter'))?.secret).toBe(secret);
    }
  });

  it('that knows nothing of the one before leaves the keys where they are, and says that it cannot read them', async () => {
    await connect();
    const stranger = keysWith(second);
    expect(await stranger.useKey(GUILD, 'openrouter')).toBeNull();
    expect(await stranger.of(GUILD)).toMatchObject([{ fault: 'unreadable', isResting: true }]);
    expect(await keysWith(second, randomBytes(32)).turnOver()).toEqual({ turned: 0, unreadable: 1 });
    expect((await keys.useKey(GUILD, 'openrouter'))?.secret).toBe(KEY);
  });
});
