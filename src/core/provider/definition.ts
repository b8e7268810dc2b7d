import { z } from 'zod';

/** What an endpoint knows beyond the least common denominator. Fields that it does not know never reach it. */
const featuresSchema = z.strictObject({
  /** The field that caps the answer. Ollama ignores the newer name, OpenAI's reasoning models refuse the older. */
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']),
  /** Tells usage in a stream only when asked by `stream_options.include_usage`. */
  streamUsageOption: z.boolean(),
  /** `user`: the id of the person who asked. */
  user: z.boolean(),
  /** `session_id`: keeps a conversation with one upstream. */
  sessionId: z.boolean(),
  /** `provider`: routing preferences, `max_price` among them. */
  routing: z.boolean(),
  /** `plugins`: context compression is switched off, since the window is kept here. */
  plugins: z.boolean(),
  /** `cache_control` on a part of a message: how far the provider is to cache the prompt. */
  cacheControl: z.boolean(),
  /** `pricing` in `GET /models` is OpenRouter's: dollars per token, and the prices that are billed. */
  tokenPrices: z.boolean(),
  /** The server tool `openrouter:web_search`. */
  webSearch: z.boolean(),
  /** `modalities`: asks a model for images too. */
  modalities: z.boolean(),
  /** `HTTP-Referer` and titles that name this application. */
  attribution: z.boolean(),
  /** `GET /generation`: the price of a request after the fact. */
  generationLookup: z.boolean(),
  /** `GET /key` tells whether a key is good; elsewhere `GET /models` has to do, which OpenRouter gives to anybody. */
  keyLookup: z.boolean(),
});

export type ProviderFeatures = z.infer<typeof featuresSchema>;

const compatibleFeatures: ProviderFeatures = {
  maxTokensField: 'max_tokens',
  streamUsageOption: true,
  user: false,
  sessionId: false,
  routing: false,
  plugins: false,
  cacheControl: false,
  tokenPrices: false,
  webSearch: false,
  modalities: false,
  attribution: false,
  generationLookup: false,
  keyLookup: false,
};

interface Preset {
  readonly name?: string;
  readonly baseUrl?: string;
  readonly features: ProviderFeatures;
}

/** Known kinds of endpoint; `compatible` is any other server (Ollama, llama.cpp, vLLM, LiteLLM …). */
const presets = {
  openrouter: {
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    features: {
      maxTokensField: 'max_completion_tokens',
      streamUsageOption: false,
      user: true,
      sessionId: true,
      routing: true,
      plugins: true,
      cacheControl: true,
      tokenPrices: true,
      webSearch: true,
      modalities: true,
      attribution: true,
      generationLookup: true,
      keyLookup: true,
    },
  },
  openai: {
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    features: { ...compatibleFeatures, maxTokensField: 'max_completion_tokens', user: true },
  },
  compatible: { features: compatibleFeatures },
} as const satisfies Record<string, Preset>;

/** An http(s) address without credentials, query or fragment; a slash at its end is dropped. */
export const baseUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .refine((url) => !URL.canParse(url) || isBare(new URL(url)), {
    error: 'must carry no user name, password, query or fragment; a key has a variable of its own',
  })
  .transform((url) => url.replace(/\/+$/, ''));

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header');
const path = z.string().regex(/^\/[^\s?#]*$/, 'must begin with / and have no query');

/** A provider as an operator writes it in `models.json`. */
export const providerDefinitionSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes'),
    preset: z.enum(['openrouter', 'openai', 'compatible']).default('compatible'),
    /** Shown to people; the id if it is not given. */
    name: z.string().min(1).optional(),
    baseUrl: baseUrlSchema.optional(),
    /** Needs no key. */
    keyless: z.boolean().default(false),
    /** Every model costs nothing, whatever its prices say or leave out. */
    free: z.boolean().default(false),
    /** The environment variable that holds its key. */
    apiKeyVariable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable')
      .optional(),
    /** The header that carries the key as it is, such as Azure's `api-key`; without it the key is a bearer token. */
    keyHeader: headerName.optional(),
    /** Sent with every request. They hold no key: that has a variable of its own. */
    headers: z.record(headerName, z.string().regex(/^[\t\x20-\x7e]*$/)).default({}),
    /** Added to every address, such as Azure's `api-version`. */
    query: z.record(z.string().min(1), z.string()).default({}),
    /** Where chats are posted, behind the base URL; `{model}` stands for what the provider calls the model. */
    chatPath: path.default('/chat/completions'),
    /** Where its models are listed, and a key is tried if nothing else tells whether it is good. */
    modelsPath: path.default('/models'),
    features: featuresSchema.partial().default({}),
  })
  .transform(({ preset: presetName, features, ...own }, context): ProviderDefinition => {
    const preset: Preset = presets[presetName];
    const baseUrl = own.baseUrl ?? preset.baseUrl;
    if (baseUrl === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['baseUrl'],
        message: 'is needed, for example http://127.0.0.1:11434/v1',
      });
      return z.NEVER;
    }
    return {
      id: own.id,
      name: own.name ?? preset.name ?? own.id,
      baseUrl,
      keyless: own.keyless,
      free: own.free,
      apiKeyVariable: own.apiKeyVariable ?? null,
      keyHeader: own.keyHeader ?? null,
      headers: own.headers,
      query: own.query,
      chatPath: own.chatPath,
      modelsPath: own.modelsPath,
      features: { ...preset.features, ...withoutUndefined(features) },
    };
  });

/** An OpenAI-compatible endpoint, as data. */
export interface ProviderDefinition {
  readonly id: string;
  readonly name: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly keyless: boolean;
  readonly free: boolean;
  readonly apiKeyVariable: string | null;
  /** Null for `Authorization` with a bearer token. */
  readonly keyHeader: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** With `{model}` for the wire id, if the address names it. */
  readonly chatPath: string;
  readonly modelsPath: string;
  readonly features: ProviderFeatures;
}

/** What holds the address: a variable for those that are built in, else the models file. */
export function addressSetting({ id }: ProviderDefinition): string {
  return id === 'openrouter' || id === 'openai'
    ? `${id.toUpperCase()}_BASE_URL`
    : `\`baseUrl\` of "${id}" in models.json`;
}

/** A definition from what an operator (or a test) would write; throws `ZodError`. */
export function defineProvider(input: z.input<typeof providerDefinitionSchema>): ProviderDefinition {
  return providerDefinitionSchema.parse(input);
}

function isBare(url: URL): boolean {
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

function withoutUndefined(features: Record<string, unknown>): Partial<ProviderFeatures> {
  return Object.fromEntries(Object.entries(features).filter(([, value]) => value !== undefined));
}
