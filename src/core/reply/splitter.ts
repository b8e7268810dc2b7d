import { heal } from './healer.ts';

/** What one message of a platform holds. */
export interface TextLimits {
  /** The most that one message may measure, at least 50. */
  readonly maxChars: number;
  /**
   * How the platform measures text, where it is not UTF-16 units (Slack counts `&` as `&amp;`). Must be additive:
   * the length of a concatenation is the sum of the lengths.
   */
  readonly lengthOf?: (text: string) => number;
}

/** A part of the answer that fits one message and will not change again. */
export interface Part {
  /** What the message shows. */
  readonly text: string;
  /** Markup that this part repeats to stand by itself: a fence with its language, a table's head, emphasis. */
  readonly prefix: string;
  /** The source that this part holds, verbatim. */
  readonly body: string;
  /** Markup that closes what the cut left open. */
  readonly suffix: string;
}

/** Cuts a growing Markdown answer into parts that each fit one message. */
export interface Splitter {
  /** Takes the next text of the answer; returns the parts that it completed, mostly none. */
  push(delta: string): readonly Part[];
  /** The open part as it can be shown now: healed, within the limit, empty where nothing is visible yet. */
  view(): string;
  /** The rest, as it was sent: mostly one part, none where nothing is left to show. An open code fence is closed. */
  finish(): readonly Part[];
}

export function createSplitter(limits: TextLimits): Splitter {
  let open = '';
  const part = (body: string): Part => ({ text: body, prefix: '', body, suffix: '' });
  return {
    push(delta) {
      const sealed: Part[] = [];
      open += delta;
      while (open.length > limits.maxChars) {
        sealed.push(part(open.slice(0, limits.maxChars)));
        open = open.slice(limits.maxChars);
      }
      return sealed;
    },
    view: () => heal(open),
    finish() {
      const rest = open;
      open = '';
      return rest.trim() === '' ? [] : [part(rest)];
    },
  };
}
