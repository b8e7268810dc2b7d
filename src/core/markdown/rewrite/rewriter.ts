import type { Dialect } from '../../ports/surface.ts';
import { DiscordBlocks, heldChars } from './discord-blocks.ts';
import { createJoiningRewriter } from './joining.ts';

/** Rewrites growing Markdown into a platform's dialect. The result does not depend on how the text was cut into deltas. */
export interface Rewriter {
  /** Takes more text; returns rewritten text that is final. */
  push(delta: string): string;
  /** The rewritten text after the final part for now: the growing block, as if the text ended here. The work is bounded. */
  pending(): string;
  /** Returns the rest. `isCutShort`: the text did not reach its end, and open emphasis stays open. */
  finish(isCutShort: boolean): string;
}

const verbatim: Rewriter = { push: (delta) => delta, pending: () => '', finish: () => '' };

export function createRewriter(dialect: Dialect): Rewriter {
  switch (dialect) {
    case 'discord':
      return createDiscordRewriter();
    case 'strict':
      return createJoiningRewriter();
    case 'commonmark':
      return verbatim;
  }
}

/**
 * For Discord's clients: `#` to `###`, emphasis, spoilers, quotes, lists, inline code, fences of three backticks, links.
 * Holds a block until it is complete, but at most 1,000 characters of it.
 */
function createDiscordRewriter(): Rewriter {
  const blocks = new DiscordBlocks();
  let line = '';
  /** From this length on, the certain part of a block is passed on. */
  let spillAt = heldChars;

  return {
    push(delta) {
      let out = '';
      for (let at = 0; at < delta.length; ) {
        const lineBreak = delta.indexOf('\n', at);
        const end = lineBreak === -1 ? delta.length : lineBreak;
        while (at < end) {
          const room = Math.max(1, spillAt - blocks.heldLength() - line.length);
          line += delta.slice(at, Math.min(end, at + room));
          at = Math.min(end, at + room);
          if (blocks.heldLength() + line.length < spillAt) continue;
          out += blocks.spill(line);
          spillAt = blocks.heldLength() + line.length + heldChars;
        }
        if (lineBreak === -1) continue;
        out += blocks.takeLine(line);
        line = '';
        spillAt = blocks.heldLength() + heldChars;
        at++;
      }
      return out;
    },
    pending() {
      const copy = blocks.copy();
      const text = copy.takePartial(line) + copy.flush(true);
      return text.endsWith('\n') ? text.slice(0, -1) : text;
    },
    finish(isCutShort) {
      const text = (line === '' ? '' : blocks.takeLine(line)) + blocks.flush(isCutShort);
      line = '';
      return text;
    },
  };
}
