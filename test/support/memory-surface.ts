import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { Reopened } from '../../src/core/ports/adapter.ts';
import { PlaceGone, RateLimited } from '../../src/core/ports/delivery-errors.ts';
import type { Scope } from '../../src/core/ports/scope.ts';
import type {
  Activity,
  LiveMessage,
  MessageView,
  Notice,
  Surface,
  TextLimits,
} from '../../src/core/ports/surface.ts';

/**
 * A platform that exists in memory alone: a `Surface` that remembers all that was shown on it and when, holds the
 * caller to the rules of the port (`violations`), and fails on demand.
 */
export interface MemorySurface extends Surface {
  /** The messages of the answer, oldest first, removed ones included. */
  readonly messages: readonly MemoryMessage[];
  /** The text that a person reads now: of all messages that are there, each on lines of its own. */
  readonly text: string;
  /** The present view of the newest message; null while there is none. */
  readonly shown: MessageView | null;
  /** Every write that reached the platform, in that order, refused ones included. */
  readonly writes: readonly MemoryWrite[];
  readonly privateTexts: readonly Notice[];
  readonly activities: readonly Activity[];
  /** The messages about the queue. */
  readonly queueWords: readonly string[];
  /** Broken rules, in words. Empty after a well-behaved answer, whatever faults were planned. */
  readonly violations: readonly string[];
  /** Makes writes fail. Plans are used up in the order in which they were made. */
  fail(plan: PlannedFault): void;
  /** A person deletes a message: its next update finds it gone. */
  remove(index: number): void;
  /** From now on nothing can be written here. */
  shut(reason: PlaceGone['reason']): void;
  /** As another process finds it that knows of so many messages, and looks for one with a button or mark of this answer. */
  reopen(known: number, answerId: string | null): Reopened;
}

export interface MemoryMessage {
  readonly key: string;
  /** All that it showed, oldest first. */
  readonly views: readonly { readonly view: MessageView; readonly atMs: number }[];
  readonly isRemoved: boolean;
}

export interface MemoryWrite {
  readonly kind: 'open' | 'update';
  /** Index in `messages`; an `openMessage` that was refused names the message that it would have made. */
  readonly message: number;
  readonly view: MessageView;
  readonly atMs: number;
  readonly error: Error | null;
}

export interface PlannedFault {
  /** The error with which the write rejects; `silence`: it takes for ever, until its signal aborts. */
  readonly error: Error | 'silence';
  /** Which writes it hits; both kinds by default. */
  readonly on?: MemoryWrite['kind'];
  /** Before the write has its effect (default), or after it: the view is shown and the caller does not learn of it. */
  readonly when?: 'before' | 'after';
  /** How many writes it hits, 1 by default. */
  readonly times?: number;
  /** Hits only writes of such views. */
  readonly matches?: (view: MessageView) => boolean;
}

export interface MemorySurfaceOptions {
  readonly clock: Clock;
  /** 2,000 characters by default. */
  readonly limits?: TextLimits;
  /** The scope of `update`; 5 in 5 s by default. */
  readonly scope?: Scope;
  /** The scope of `openMessage`; 5 in 5 s by default. */
  readonly openScope?: Scope;
  /** As of the port. */
  readonly updateScope?: Scope;
  /** As of the port: a write that each message needs before it. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
  /** As of the port. */
  readonly tailLength?: Surface['tailLength'];
  /** Counts writes and refuses what is above the limits; shared by surfaces that share scopes. */
  readonly limiter?: MemoryLimiter;
  /** There and back, with the effect in the middle. 0 by default: the effect is there before the call returns. */
  readonly latencyMs?: number | (() => number);
  readonly closesAtMs?: number;
  readonly isPrivate?: boolean;
  readonly isOverheard?: boolean;
  readonly canContinueInThread?: boolean;
  /** Names the surface where processes come and go; `reference` is this, `#`, and how many messages there are. */
  readonly reference?: string;
  /** Posts anew where another process goes on: like Slack, and unlike Discord, which knows a send by its nonce. */
  readonly forgetsSends?: boolean;
  /** As of the port. */
  readonly keepsMarks?: boolean;
}

export function createMemorySurface(options: MemorySurfaceOptions): MemorySurface {
  const { clock, limits = { maxChars: 2_000 } } = options;
  const scope = options.scope ?? { key: 'memory edits', limit: 5, windowMs: 5_000 };
  const openScope = options.openScope ?? { key: 'memory posts', limit: 5, windowMs: 5_000 };
  /** Keys are unique within a platform. */
  const name = randomUUID();
  const limiter = options.limiter ?? createMemoryLimiter(clock);

  const messages: StoredMessage[] = [];
  const writes: MemoryWrite[] = [];
  const privateTexts: Notice[] = [];
  const activities: Activity[] = [];
  const queueWords: string[] = [];
  const violations: string[] = [];
  const plans: { readonly plan: PlannedFault; left: number }[] = [];
  let gone: PlaceGone['reason'] | null = null;
  let underWay = 0;
  /** Made by an `openMessage` whose outcome the caller does not know: its next try finds this message again. */
  let orphan: StoredMessage | null = null;

  function planned(kind: MemoryWrite['kind'], view: MessageView): PlannedFault | null {
    const hit = plans.find(
      ({ plan, left }) => left > 0 && (plan.on ?? kind) === kind && (plan.matches?.(view) ?? true),
    );
    if (hit === undefined) return null;
    hit.left--;
    return hit.plan;
  }

  /** One call to the platform: there, the effect, and back. */
  async function call<T>(
    kind: MemoryWrite['kind'],
    message: number,
    view: MessageView,
    effect: () => T,
    signal: AbortSignal,
  ): Promise<T> {
    if (underWay > 0) violations.push(`${kind} of message ${message} while another write was under way`);
    violations.push(...faultsOf(view, limits).map((fault) => `${kind} of message ${message}: ${fault}`));
    if (options.keepsMarks && view.mark?.index !== message) {
      violations.push(`${kind} of message ${message}: its mark says ${view.mark?.index}`);
    }
    const write = { kind, message, view, atMs: 0, error: null as Error | null };
    const { latencyMs = 0 } = options;
    const travelMs = (typeof latencyMs === 'number' ? latencyMs : latencyMs()) / 2;
    underWay++;
    try {
      signal.throwIfAborted();
      if (travelMs > 0) await clock.sleep(travelMs, signal);
      write.atMs = clock.now();
      writes.push(write);
      const fault = planned(kind, view);
      try {
        if (fault !== null && fault.when !== 'after') await strike(fault, signal);
        limiter.take(kind === 'open' ? openScope : scope);
        if (gone !== null) throw new PlaceGone(gone);
        const result = effect();
        if (fault?.when === 'after') await strike(fault, signal);
        return result;
      } catch (error) {
        write.error = error as Error;
        throw error;
      } finally {
        if (travelMs > 0) await clock.sleep(travelMs, signal);
      }
    } finally {
      underWay--;
    }
  }

  function liveMessage(message: StoredMessage): LiveMessage {
    const index = messages.indexOf(message);
    return {
      key: message.key,
      scope,
      async update(view, signal) {
        violations.push(
          ...message.faultsOfUpdate(view).map((fault) => `update of message ${index}: ${fault}`),
        );
        const show = () => {
          if (message.isRemoved) throw new PlaceGone('deleted');
          message.views.push({ view, atMs: clock.now() });
        };
        await call('update', index, view, show, signal);
        message.acknowledged = view;
      },
    };
  }

  const surface: MemorySurface = {
    limits,
    openScope,
    ...(options.updateScope && { updateScope: options.updateScope }),
    ...(options.prepare && { prepare: options.prepare }),
    ...(options.tailLength && { tailLength: options.tailLength }),
    ...(options.keepsMarks && { keepsMarks: true }),
    isPrivate: options.isPrivate ?? false,
    isOverheard: options.isOverheard ?? false,
    canContinueInThread: options.canContinueInThread ?? true,
    ...(options.closesAtMs === undefined ? {} : { closesAtMs: options.closesAtMs }),
    get reference() {
      return options.reference === undefined ? '' : `${options.reference}#${messages.length}`;
    },
    messages,
    writes,
    privateTexts,
    activities,
    queueWords,
    violations,
    get text() {
      return messages
        .filter((message) => !message.isRemoved)
        .map((message) => message.shown.text)
        .join('\n');
    },
    get shown() {
      return messages.at(-1)?.shown ?? null;
    },
    indicate(activity) {
      activities.push(activity);
    },
    waits: (words) => void queueWords.push(words),
    async tellPrivately(notice, signal) {
      signal.throwIfAborted();
      privateTexts.push(notice);
    },
    async openMessage(view, signal) {
      const index = orphan === null ? messages.length : messages.length - 1;
      const last = messages[index - 1];
      if (last !== undefined && last.asked !== 'sealed') {
        violations.push(`open of message ${index} while the one before was ${last.asked}`);
      }
      const post = () => {
        const message = orphan ?? new StoredMessage(`memory-${name}-${index}`);
        if (orphan === null) messages.push(message);
        message.views.push({ view, atMs: clock.now() });
        message.asked = view.status;
        orphan = message;
        return message;
      };
      const message = await call('open', index, view, post, signal);
      orphan = null;
      message.acknowledged = view;
      return liveMessage(message);
    },
    fail(plan) {
      plans.push({ plan, left: plan.times ?? 1 });
    },
    remove(index) {
      const message = messages[index];
      if (message === undefined) throw new RangeError(`there is no message ${index}`);
      message.isRemoved = true;
    },
    shut(reason) {
      gone = reason;
    },
    reopen(known, answerId) {
      const isTheirs = (id: string | undefined) => id !== undefined && id === answerId;
      const newest = messages.findLast(
        ({ isRemoved, shown: { buttons, mark } }) =>
          !isRemoved &&
          (buttons.some((button) => isTheirs(button.answerId)) ||
            (options.keepsMarks && isTheirs(mark?.answerId))),
      );
      let next = newest === undefined ? known : messages.indexOf(newest) + 1;
      const found = newest === undefined || newest.shown.buttons.length === 0 ? null : newest;
      const sealed = options.keepsMarks ? next - (found ? 1 : 0) : undefined;
      return {
        surface: {
          ...surface,
          get reference() {
            return `${options.reference}#${next}`;
          },
          async openMessage(view, signal) {
            const posted = options.forgetsSends ? undefined : messages[next++];
            if (posted === undefined) return surface.openMessage(view, signal);
            const message = liveMessage(posted);
            if (posted.shown.text !== view.text) await message.update(view, signal);
            return message;
          },
        },
        message: found
          ? { live: liveMessage(found), text: found.shown.text, isEnded: found.shown.status !== 'streaming' }
          : null,
        ...(newest === undefined || sealed === undefined
          ? {}
          : { sealed, sealedKeys: messages.slice(0, sealed).map(({ key }) => key) }),
      };
    },
  };
  return surface;
}

async function strike({ error }: PlannedFault, signal: AbortSignal): Promise<never> {
  if (error !== 'silence') throw error;
  await once(signal, 'abort');
  throw signal.reason;
}

class StoredMessage implements MemoryMessage {
  readonly key: string;
  readonly views: { view: MessageView; atMs: number }[] = [];
  isRemoved = false;
  /** The status of the newest view that was asked for, whether or not it came to be shown. */
  asked: MessageView['status'] = 'streaming';
  /** The newest view that the caller knows to stand. */
  acknowledged: MessageView | null = null;

  constructor(key: string) {
    this.key = key;
  }

  get shown(): MessageView {
    const newest = this.views.at(-1);
    if (newest === undefined) throw new Error(`message ${this.key} has never shown anything`);
    return newest.view;
  }

  faultsOfUpdate(view: MessageView): string[] {
    const faults: string[] = [];
    const before = this.acknowledged;
    if (before !== null && before.status !== 'streaming') faults.push(`it was ${before.status} already`);
    if (before !== null && isSame(before, view)) faults.push('it shows that already');
    if (before !== null && view.status === 'streaming' && !view.source.startsWith(before.source)) {
      faults.push('its source does not go on where it was');
    }
    this.asked = view.status;
    return faults;
  }
}

function isSame(one: MessageView, other: MessageView): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function faultsOf(view: MessageView, { maxChars, lengthOf = (text) => text.length }: TextLimits): string[] {
  const faults: string[] = [];
  const length = lengthOf(view.text);
  if (length > maxChars) faults.push(`text of ${length} where ${maxChars} fit`);
  if (view.text.trim() === '' && view.status === 'streaming') faults.push('nothing to read');
  if (typeof view.source !== 'string') faults.push('no source');
  if ((view.note?.length ?? 0) > 300) faults.push('note of more than 300 characters');
  if ((view.footer?.length ?? 0) > 200) faults.push('footer of more than 200 characters');
  if (view.status === 'sealed' && (view.buttons.length > 0 || view.footer !== null)) {
    faults.push('a sealed message carries neither buttons nor footer');
  }
  return faults;
}

/** The platform's own count of writes: never more than a scope's limit within any window, sliding. */
export interface MemoryLimiter {
  /** Counts a write. @throws RateLimited where it is above the limit; it is not counted then. */
  take(scope: Scope): void;
  /** How many writes were refused. */
  readonly refusals: number;
}

export interface TrueLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** `truth` names, by scope key, limits that differ from those which the scope itself claims. */
export function createMemoryLimiter(
  clock: Clock,
  truth: Readonly<Record<string, TrueLimit>> = {},
): MemoryLimiter {
  const taken = new Map<string, number[]>();
  let refusals = 0;
  return {
    take(scope) {
      const { limit, windowMs } = truth[scope.key] ?? scope;
      const nowMs = clock.now();
      const recent = (taken.get(scope.key) ?? []).filter((atMs) => atMs > nowMs - windowMs);
      taken.set(scope.key, recent);
      const oldest = recent[recent.length - limit];
      if (oldest !== undefined) {
        refusals++;
        throw new RateLimited(oldest + windowMs - nowMs);
      }
      recent.push(nowMs);
    },
    get refusals() {
      return refusals;
    },
  };
}
