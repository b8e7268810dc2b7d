/**
 * API keys and other secrets whose shape names their service. Prose, code and names do not take these shapes by chance;
 * examples from documentation (`sk-your-key-here`) have no digits.
 */
const SHAPES: readonly (readonly [owner: string, shape: RegExp])[] = [
  ['OpenRouter', /(?<![\w-])sk-or-[\w-]{20,}/g],
  ['Anthropic', /(?<![\w-])sk-ant-[\w-]{20,}/g],
  ['OpenAI', /(?<![\w-])sk-[\w-]{20,}/g],
  ['Slack', /(?<![\w-])(?:xox[a-z]|xapp)-[\w-]{16,}/g],
  ['Discord', /(?<![\w.-])[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,45}(?![\w.-])/g],
  ['GitHub', /(?<![\w-])(?:gh[a-z]_\w{30,}|github_pat_\w{30,})/g],
  ['GitLab', /(?<![\w-])glpat-[\w-]{20,}/g],
  ['Google', /(?<![\w-])AIza[\w-]{35}(?![\w-])/g],
  ['AWS', /(?<![\w-])(?:AKIA|ASIA)[A-Z0-9]{16}(?![\w-])/g],
  ['Stripe', /(?<![\w-])[rs]k_(?:live|test)_\w{20,}/g],
  ['Groq', /(?<![\w-])gsk_\w{40,}/g],
  ['xAI', /(?<![\w-])xai-\w{40,}/g],
  ['Hugging Face', /(?<![\w-])hf_[A-Za-z0-9]{30,}/g],
  ['npm', /(?<![\w-])npm_[A-Za-z0-9]{36}(?![\w-])/g],
  ['SendGrid', /(?<![\w-])SG\.[\w-]{16,32}\.[\w-]{32,64}/g],
];
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/=:\s,-]{40}/;

/** A match with fewer different characters is a placeholder: `sk-xxxxxxxx1`. */
const MIN_DISTINCT = 10;

/** The owner of the first key that a text seems to hold (`somebody` for a private key); null if it holds none. */
export function ownerOfKeyIn(text: string): string | null {
  for (const [owner, shape] of SHAPES) {
    for (const [key] of text.matchAll(shape)) if (isRandom(key)) return owner;
  }
  return PRIVATE_KEY.test(text) ? 'somebody' : null;
}

/** Replaces each key that the text seems to hold by a note. */
export function withoutKeys(text: string): string {
  const keyless = SHAPES.reduce(
    (left, [, shape]) => left.replaceAll(shape, (key) => (isRandom(key) ? LEFT_OUT : key)),
    text,
  );
  return keyless.replaceAll(WHOLE_PRIVATE_KEY, LEFT_OUT);
}

const LEFT_OUT = '[a secret key was left out here]';
/** A private key to its end, or to the end of the text if the key is cut. */
const WHOLE_PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[A-Za-z0-9+/=:\s,-]*/g;

function isRandom(key: string): boolean {
  return /\d/.test(key) && /[a-z]/i.test(key) && new Set(key).size >= MIN_DISTINCT;
}
