import { createAnswersUnderWay } from './chat/under-way.ts';
import { createMessenger } from './chat/words/messenger.ts';
import { createChatRecords } from './conversations/chat-records.ts';
import { createPrivacy } from './conversations/privacy.ts';
import { createCoordination } from './coordination/coordination.ts';
import { createDispatch, type Dispatcher } from './dispatch/dispatch.ts';
import { createGreeter } from './dispatch/greetings.ts';
import type { Background } from './kit/time/repeat.ts';
import type { Adapter } from './ports/adapter.ts';
import { createNameOperator } from './ports/operator.ts';
import { createLookAhead } from './prompt/preview.ts';
import type { Services } from './services.ts';
import { wireAccess } from './wiring/access.ts';
import { wireAnswers } from './wiring/answers.ts';
import { wireChat } from './wiring/chat.ts';
import { wireLogs } from './wiring/logs.ts';
import { wireModelChoice } from './wiring/model-choice.ts';
import { wireMoney } from './wiring/money.ts';
import type { CoreOptions } from './wiring/options.ts';

/** Everything between platforms, providers and the store, wired together. */
export interface Core {
  readonly services: Services;
  /** For the adapters. */
  readonly dispatch: Dispatcher;
  answersInFlight(): number;
  /** Starts recovering the answers of crashed processes through these adapters. Stop the result before the adapters. */
  takeOverThrough(adapters: readonly Pick<Adapter, 'platform' | 'reopen'>[]): Background;
  /** Releases everything. Call it once `services.chat.drain` has resolved. */
  stop(): Promise<void>;
}

/** Starts what repeats, such as the renewal of leases and the deletion of old records. */
export function createCore(options: CoreOptions): Core {
  const { commands, store, platforms, files, clock, log } = options;
  const { automatic, timeZone } = options.habits;
  const { operatorContact } = options.access;

  const coordination = createCoordination({ store, clock, log });
  const { locks, once, journal, live, stops } = coordination;
  const access = wireAccess(options, coordination);
  const { audit, guilds, ownKeys, roles } = access;
  const money = wireMoney(options, coordination, access);
  const { limits, ledger, models } = money;
  const logs = wireLogs(options, audit);
  const { usage, feedback, outcomes } = logs;
  const records = createChatRecords(store, options.habits, clock);
  const { settings, personas, answers } = records;
  const nameOperator = createNameOperator(operatorContact);
  const choice = wireModelChoice(options, money, nameOperator);
  const { catalogue, choose, rest, demoNotice } = choice;
  const messenger = createMessenger({ limiters: platforms.limiters, clock, log }, nameOperator);
  const foundations = { coordination, access, money, logs, records, choice, messenger };
  const answering = wireAnswers(options, foundations);
  const { titles, recovery } = answering;
  const { chat, pauses } = wireChat(options, foundations, answering);

  const services: Services = {
    pauses,
    chat,
    ledger,
    limits,
    catalogue,
    models,
    choose,
    settings,
    lookAhead: createLookAhead({ catalogue, models, choose, settings, clock }),
    mayRunByItself: (what) => automatic.has(what),
    personas,
    guilds,
    ownKeys,
    audit,
    outcomes,
    underWay: createAnswersUnderWay({ claims: store.claims, answers, stops, audit, clock }),
    rest,
    privacy: createPrivacy({ stops, records, logs, ledger, limits, audit, clock }),
    roles,
    peopleIn: platforms.peopleIn,
    operatorContact,
    clock,
    usage,
    feedback,
    drawChart: files.drawChart,
    timeZone,
  };
  const joined = createGreeter({ store, once, choose, demoNotice, operatorContact, clock, log });
  const dispatch = { commands, services, coordination, recovery, joined, nameOperator, log };
  return {
    services,
    dispatch: createDispatch(dispatch),
    answersInFlight: () => live.size,
    takeOverThrough: recovery.takeover.startThrough,
    async stop() {
      await using closing = new AsyncDisposableStack();
      // From bottom to top: what writes stops before what it writes through.
      for (const each of [locks, once, ledger, journal, stops, titles, logs]) {
        closing.defer(() => each.stop());
      }
    },
  };
}
