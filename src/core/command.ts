import type { Question } from './chat/question/job.ts';
import type { Actor } from './ports/actor.ts';
import type { CommandDeclaration, Option, OptionValue, OptionValues } from './ports/command.ts';
import type { Place, ThreadReader } from './ports/events.ts';
import type { BroughtPart } from './ports/parts.ts';
import type { Notice, Surface } from './ports/surface.ts';
import type { Services } from './services.ts';

/** A declared command with its action. */
export interface Command extends CommandDeclaration {
  /**
   * A sentence on why it is of no use here now; null if it is. For reasons that do not depend on options. Called before a
   * form opens, and again before it runs.
   */
  refuse?(context: Pick<CommandContext, 'actor' | 'place' | 'services'>): Promise<string | null>;
  /**
   * Its output without options, as Markdown, for home tabs and forms. Changes nothing and creates no files. Left out if it
   * says nothing of use there.
   */
  view?(context: ViewContext): Promise<string>;
  /** Resolves to what the asker alone is told; to nothing if it asked a model. */
  run(
    context: CommandContext,
    options: Readonly<Record<string, OptionValue>>,
  ): Promise<string | Notice | undefined>;
}

export type ViewContext = Pick<CommandContext, 'actor' | 'place' | 'services'>;

/** The parts of a question that a command decides; the rest is the person's place and event. */
export type CommandQuestion = Omit<Question, 'eventId' | 'actor' | 'place' | 'surface' | 'writtenAtMs'>;

export interface CommandContext {
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  /** Things that came with the command besides its options. */
  readonly brought: readonly BroughtPart[];
  /** As `Invocation.readThread`. */
  readonly readThread: ThreadReader | undefined;
  readonly services: Services;
  /** All commands as they are declared, for those that describe others (`inWordsOf`). */
  readonly commands: readonly Command[];
  /** Asks a model on behalf of the person, as `Chat.ask`. */
  ask(question: CommandQuestion): Promise<void>;
}

/** Types a handler's options by its declaration; `parseOptions` guarantees them at run time. */
export function defineCommand<const S extends Readonly<Record<string, Option>>>(
  command: Omit<Command, 'options' | 'run'> & {
    readonly options: S;
    run(context: CommandContext, options: OptionValues<S>): ReturnType<Command['run']>;
  },
): Command {
  return command as Command;
}
