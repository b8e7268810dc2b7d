import { ownerOfKeyIn, withoutKeys } from '../kit/api-keys.ts';
import { quoted } from '../kit/text.ts';
import { type BroughtPart, filesIn, isFromThread, type QuotedPart, textsIn } from '../ports/parts.ts';

/** Why a question is not sent that has a key in the person's own words, or in what they quote. */
export function withKeyIn(owner: string): string {
  return `Your question seems to contain a secret key of ${owner}. I did not send it to a model and did not store it. Delete your message, revoke the key, and ask again without it. Admins can connect a key with \`/connect\`, which asks for it in a form.`;
}

/**
 * What came with a question, without what looks like a secret key in what others said in its thread. If the rest of it holds one,
 * which the asker brought, the refusal: nothing of it may be sent or kept.
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
      text: `${quoted(file.name)} holds what looks like a secret key of ${owner}’s, so I sent nothing of your question to a model. Delete the file, revoke the key where it was made, and ask again without it.`,
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
