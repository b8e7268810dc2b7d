import type { Actor } from './ports/actor.ts';
import type { CommandDeclaration, Option, OptionValue, OptionValues } from './ports/command.ts';
import type { Place, ThreadReader } from './ports/events.ts';
import type { BroughtPart } from './ports/parts.ts';
import type { Notice, Surface } from './ports/surface.ts';
import type { Services } from './services.ts';

/** A declared command and what it does. */
export interface Command extends CommandDeclaration {
  /**
   * Why it is of no use here now, as a sentence for the asker; null if it is. For what does not depend on options: asked
   * before a form is opened, and again before it runs.
   */
  refuse?(context: Pick<CommandContext, 'actor' | 'place' | 'services'>): Promise<string | null>;
  /**
   * What it says without options, in Markdown, for places that show it by themselves: home tabs, forms. Changes nothing and makes no
   * files. Left out if it says nothing of use there.
   */
  view?(context: ViewContext): Promise<string>;
  run(context: CommandContext, options: Readonly<Record<string, OptionValue>>): Promise<void>;
}

export type ViewContext = Pick<CommandContext, 'actor' | 'place' | 'services'>;

export interface CommandContext {
  readonly eventId: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  /** What came with the command beside its options. */
  readonly brought: readonly BroughtPart[];
  /** As `Invocation.readThread`. */
  readonly readThread: ThreadReader | undefined;
  readonly services: Services;
  /** All commands, for those that tell about others. */
  readonly commands: readonly Command[];
  readonly signal: AbortSignal;
  /** Says something to the asker alone. */
  tell(notice: string | Notice): Promise<void>;
}

/** Types a handler's options by its declaration; `parseOptions` guarantees at run time what the types say here. */
export function defineCommand<const S extends Readonly<Record<string, Option>>>(
  command: Omit<Command, 'options' | 'run'> & {
    readonly options: S;
    run(context: CommandContext, options: OptionValues<S>): Promise<void>;
  },
): Command {
  return command as Command;
}
