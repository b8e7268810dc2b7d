import { spawn } from 'node:child_process';
import { cancel, confirm, intro, isCancel, log, note, password, text } from '@clack/prompts';

/** Asks the person at the terminal. */
export interface Ask {
  begin(title: string): void;
  /** Shows a text to read or copy. */
  show(title: string, text: string): void;
  /** Prints a long text to copy, unchanged. */
  print(text: string): void;
  say(text: string): void;
  warn(text: string): void;
  /** Null if nothing was typed. @throws Cancelled */
  secret(question: string): Promise<string | null>;
  /** As `secret`, but what is typed is shown. */
  text(question: string): Promise<string | null>;
  /** @throws Cancelled */
  confirm(question: string, byDefault: boolean): Promise<boolean>;
  /** Opens a page in the browser, if there is one. */
  open(link: string): void;
}

/** The person cancelled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly code = 'cancelled';
}

export function createTerminalAsk(environment: NodeJS.Dict<string>): Ask {
  return {
    begin: (title) => intro(title),
    show: (title, words) => note(words, title),
    print: (words) => void process.stdout.write(`\n${words}\n\n`),
    say: (words) => log.success(words),
    warn: (words) => log.warn(words),
    secret: async (message) => answerIn(await password({ message })),
    text: async (message) => answerIn(await text({ message })),
    confirm: async (message, initialValue) => {
      const answer = await confirm({ message, initialValue });
      if (isCancel(answer)) throw cancelled();
      return answer;
    },
    open(link) {
      const opener = openerOf(environment);
      if (opener === null) return;
      const [command, ...args] = opener;
      const child = spawn(command, [...args, link], { stdio: 'ignore', detached: true });
      // The link is also shown on the terminal.
      child.once('error', () => {});
      child.unref();
    },
  };
}

function openerOf(environment: NodeJS.Dict<string>): readonly [string, ...string[]] | null {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['explorer'];
  return environment['DISPLAY'] || environment['WAYLAND_DISPLAY'] ? ['xdg-open'] : null;
}

function answerIn(answer: unknown): string | null {
  if (isCancel(answer)) throw cancelled();
  return typeof answer === 'string' && answer.trim() !== '' ? answer.trim() : null;
}

function cancelled(): Cancelled {
  cancel('Your answers so far are saved. Run `npm run setup` again to continue.');
  return new Cancelled('cancelled');
}
