import type { AuditLog } from './access/audit.ts';
import type { Guilds } from './access/guilds.ts';
import type { OwnKeys } from './access/own-keys.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { Chat } from './chat/chat.ts';
import type { Pauses } from './chat/question/pause.ts';
import type { AnswersUnderWay } from './chat/under-way.ts';
import type { OutcomeLog } from './conversations/outcomes.ts';
import type { Personas } from './conversations/personas.ts';
import type { Privacy } from './conversations/privacy.ts';
import type { Settings } from './conversations/settings.ts';
import type { Clock } from './kit/time/clock.ts';
import type { FeedbackLog } from './ledger/feedback.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { ModelRequests } from './ledger/model-requests.ts';
import type { LimitRules } from './ledger/rules.ts';
import type { UsageLog } from './ledger/usage.ts';
import type { ModelChooser } from './model-choice/chooser.ts';
import type { RouteRest } from './model-choice/route-rest.ts';
import type { PeopleIn, Roles } from './ports/actor.ts';
import type { Automatic } from './ports/automatic.ts';
import type { DrawChart } from './ports/chart.ts';
import type { LookAhead } from './prompt/preview.ts';

/** The services that commands use. */
export interface Services {
  readonly chat: Chat;
  readonly catalogue: Catalogue;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly settings: Settings;
  /** The context that the model will see with the next question. */
  readonly lookAhead: LookAhead;
  /** Whether the operator allows an automatic task. */
  readonly mayRunByItself: (what: Automatic) => boolean;
  readonly personas: Personas;
  readonly guilds: Guilds;
  readonly ownKeys: OwnKeys;
  readonly audit: AuditLog;
  readonly pauses: Pauses;
  readonly outcomes: OutcomeLog;
  readonly underWay: AnswersUnderWay;
  /** Which routes to models are paused after failures. */
  readonly rest: Pick<RouteRest, 'isResting'>;
  readonly privacy: Privacy;
  readonly roles: Roles;
  readonly peopleIn: PeopleIn;
  /** The operator's contact for people; null if it is not set. */
  readonly operatorContact: string | null;
  readonly clock: Clock;
  readonly limits: LimitRules;
  readonly ledger: Ledger;
  readonly usage: UsageLog;
  readonly feedback: FeedbackLog;
  readonly drawChart: DrawChart;
  /** IANA name of the time zone of days. */
  readonly timeZone: string;
}
