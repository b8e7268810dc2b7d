import { ownerOfKeyIn, withoutKeys } from '../kit/secrets/api-keys.ts';
import { quoted } from '../kit/text/text.ts';
import { type CommandDeclaration, isAskedInForm } from '../ports/command.ts';
import {
  type BroughtPart,
  filesIn,
  isFromThread,
  type Part,
  type QuotedPart,
  textsIn,
  wordsIn,
} from '../ports/parts.ts';

/** Rejects a question with a key in the person's own or quoted text. */
function withKeyIn(owner: string): string {
  return `Your question seems to contain a secret key of ${owner}. I did not send it to a model and did not store it. Delete your message, revoke the key, and ask again without it. Admins can connect a key with \`/connect\`, which asks for it in a form.`;
}

/** A secret that was typed where others can read it is no longer secret, whoever typed it. */
export function typedBehind(command: string): string {
  return `I ignored the text after \`/${command}\`. If it was a key, delete your message and revoke the key at its provider, because others can read it here.`;
}

export function howToFillIn(command: string): string {
  return `\`/${command}\` opens a form: send it as a command, with no text after it.`;
}

/** The text for the asker if a question seems to contain a secret and is therefore not sent; null if it does not. */
export type SecretCheck = (parts: readonly Part[]) => string | null;

/** Looks for text shaped like a key, and for commands that ask for a secret in a form, typed as text with a key after them. */
export function createSecretCheck(commands: readonly CommandDeclaration[]): SecretCheck {
  const typed = commands
    .filter(isAskedInForm)
    .map((command) => ({ command, pattern: typedPattern(command) }));
  return (parts) => {
    const owner = ownerOfKeyIn(textsIn(parts).join('\n'));
    if (owner !== null) return withKeyIn(owner);
    const found = typed.find(({ pattern }) => pattern.test(wordsIn(parts)))?.command.name;
    return found === undefined
      ? null
      : `${typedBehind(found)} I did not send it to a model and did not store it. ${howToFillIn(found)}`;
  };
}

/**
 * Matches the command at the start of a line, however it is spelled, with any text after it. Elsewhere it matches the command followed
 * by one of its choices and something like a key: twelve characters or more, with a digit.
 */
function typedPattern({ name, options }: CommandDeclaration): RegExp {
  const choices = Object.values(options).flatMap((option) =>
    option.type === 'choice' ? option.choices.flatMap(({ value, label }) => [value, label]) : [],
  );
  const chosen = choices.map((word) => RegExp.escape(word)).join('|');
  const atStart = String.raw`^[ \t>*_\x60]{0,20}[/\uFF0F!][ \t]{0,5}${name}\b[^\p{L}\p{N}\n]*[\p{L}\p{N}]`;
  const anywhere = String.raw`\b${name}\b[^\p{L}\p{N}]{1,5}(?:${chosen})\b[^\p{L}\p{N}]{1,5}(?=[!-~]*\d)[!-~]{12,}`;
  return new RegExp(`${atStart}|${anywhere}`, 'imu');
}

/**
 * Removes apparent secret keys from what others said in the question's thread. If the asker's own attachments contain one,
 * returns the refusal: nothing of the question may be sent or stored.
 */
export function withoutSecrets(
  brought: readonly BroughtPart[],
  asker: string,
): { readonly ok: true; readonly brought: BroughtPart[] } | { readonly ok: false; readonly text: string } {
  const isOthers = (part: BroughtPart): part is QuotedPart =>
    isFromThread(part) && part.author?.user !== asker;
  const own = brought.filter((part) => !isOthers(part));
  for (const file of filesIn(own)) {
    const owner = ownerOfKeyIn(file.text ?? '');
    if (owner === null) continue;
    return {
      ok: false,
      text: `${quoted(file.name)} seems to contain a secret key of ${owner}. I did not send your question to a model. Delete the file, revoke the key, and ask again without it.`,
    };
  }
  const owner = ownerOfKeyIn(textsIn(own).join('\n'));
  if (owner !== null) return { ok: false, text: withKeyIn(owner) };
  return { ok: true, brought: brought.map((part) => (isOthers(part) ? redacted(part) : part)) };
}

function redacted(part: QuotedPart): QuotedPart {
  const files = part.files.map((file) =>
    file.text === undefined ? file : { ...file, text: withoutKeys(file.text) },
  );
  return { ...part, text: withoutKeys(part.text), files };
}
