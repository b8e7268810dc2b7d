import type { Sighting } from './sighting.ts';

/** One way in which people ask, on a platform that lives in this process. */
export interface AskingWay {
  readonly name: string;
  /** Somebody asks; resolves when the last state of the answer stands. Those who ask at once have slots of their own. */
  ask(question: string, slot: number): Promise<Sighting>;
}

export interface LoadPlatform {
  /** The variables by which the bot finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Rules of the platform's that the bot broke; a limit that it ran into begins with `429`. */
  violations(): readonly string[];
  /** Requests that came so far. */
  calls(): number;
  close(): Promise<void>;
}
