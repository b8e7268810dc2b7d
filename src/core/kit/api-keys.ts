/**
 * How API keys and other secrets of services look that say so themselves. None is a shape that prose, code or the name of a
 * thing would take by chance; what is made up for documentation (`sk-your-key-here`) has no digits.
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

/** Characters that differ, below which it is a placeholder: `sk-xxxxxxxx1`. */
const MIN_DISTINCT = 10;

/** Whose key a text seems to hold; null if it holds nothing shaped like one. */
export function ownerOfKeyIn(text: string): string | null {
  for (const [owner, shape] of SHAPES) {
    for (const [key] of text.matchAll(shape)) if (isRandom(key)) return owner;
  }
  return PRIVATE_KEY.test(text) ? 'somebody' : null;
}

/** The text with a word in the place of each key that it seems to hold. */
export function withoutKeys(text: string): string {
  const keyless = SHAPES.reduce(
    (left, [, shape]) => left.replaceAll(shape, (key) => (isRandom(key) ? LEFT_OUT : key)),
    text,
  );
  return keyless.replaceAll(WHOLE_PRIVATE_KEY, LEFT_OUT);
}

const LEFT_OUT = '[a secret key was left out here]';
/** To its end, or as far as it goes. */
const WHOLE_PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[A-Za-z0-9+/=:\s,-]*/g;

function isRandom(key: string): boolean {
  return /\d/.test(key) && /[a-z]/i.test(key) && new Set(key).size >= MIN_DISTINCT;
}
