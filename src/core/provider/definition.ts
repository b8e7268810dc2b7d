import { z } from 'zod';

/** The features of an endpoint beyond the common core. */
const FLAGS = {
  /** Reports usage in a stream only if `stream_options.include_usage` is set. */
  streamUsageOption: z.boolean(),
  /** `user`: the id of the person who asked. */
  user: z.boolean(),
  /** `session_id`: keeps a conversation on one upstream server. */
  sessionId: z.boolean(),
  /** `provider`: routing preferences, including `max_price`. */
  routing: z.boolean(),
  /** `plugins`: needed to switch off context compression, because Parley keeps the window itself. */
  plugins: z.boolean(),
  /** `cache_control` on a part of a message: the end of the prompt prefix to cache. */
  cacheControl: z.boolean(),
  /** `pricing` in `GET /models` follows OpenRouter: dollars per token, and the prices that are billed. */
  tokenPrices: z.boolean(),
  /** The server tool `openrouter:web_search`. */
  webSearch: z.boolean(),
  /** `modalities`: also asks a model for images. */
  modalities: z.boolean(),
  /** `HTTP-Referer` and titles that name this application. */
  attribution: z.boolean(),
  /** `GET /generation`: the price of a finished request. */
  generationLookup: z.boolean(),
  /** `GET /key` checks a key. Elsewhere `GET /models` does, which OpenRouter answers without a valid key. */
  keyLookup: z.boolean(),
};

/** Parameters and endpoints beyond the common core. Unknown fields are never sent. */
const featuresSchema = z.strictObject({
  /** The field that caps the answer. Ollama ignores the newer name; OpenAI's reasoning models refuse the older. */
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']),
  /** The field that says how much a model is to think: OpenRouter's `reasoning.effort`, or OpenAI's; null for neither. */
  effortField: z.enum(['reasoning', 'reasoning_effort']).nullable(),
  ...FLAGS,
});

export type ProviderFeatures = z.infer<typeof featuresSchema>;

function allFlags(isSet: boolean): Record<keyof typeof FLAGS, boolean> {
  const flags = Object.keys(FLAGS).map((flag) => [flag, isSet]);
  return Object.fromEntries(flags) as Record<keyof typeof FLAGS, boolean>;
}

const compatibleFeatures: ProviderFeatures = {
  ...allFlags(false),
  maxTokensField: 'max_tokens',
  effortField: null,
  streamUsageOption: true,
};

interface Preset {
  readonly name?: string;
  readonly baseUrl?: string;
  readonly features: ProviderFeatures;
}

/** Built-in kinds of endpoint. `compatible` is any other server (Ollama, llama.cpp, vLLM, LiteLLM …). */
const presets = {
  openrouter: {
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    features: {
      ...allFlags(true),
      maxTokensField: 'max_completion_tokens',
      effortField: 'reasoning',
      streamUsageOption: false,
    },
  },
  openai: {
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    features: {
      ...compatibleFeatures,
      maxTokensField: 'max_completion_tokens',
      effortField: 'reasoning_effort',
      user: true,
    },
  },
  compatible: { features: compatibleFeatures },
} as const satisfies Record<string, Preset>;

/** An http(s) address without credentials, query or fragment. A trailing slash is dropped. */
export const baseUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .refine((url) => !URL.canParse(url) || isBare(new URL(url)), {
    error:
      'must not contain a user name, password, query or fragment; put a key into its environment variable',
  })
  .transform((url) => url.replace(/\/+$/, ''));

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be a header name');
const path = z.string().regex(/^\/[^\s?#]*$/, 'must begin with / and have no query');

/** A provider in `models.json`, and its definition with all defaults filled in. */
export const providerDefinitionSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes'),
    preset: z.enum(['openrouter', 'openai', 'compatible']).default('compatible'),
    /** For people. Default: the id. */
    name: z.string().min(1).optional(),
    /** Without a trailing slash. Default: the preset's. */
    baseUrl: baseUrlSchema.optional(),
    /** Needs no key. Default false. */
    keyless: z.boolean().default(false),
    /** Every model is free, whatever its prices say. Default false. */
    free: z.boolean().default(false),
    /** The environment variable with its key. */
    apiKeyVariable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable')
      .optional(),
    /** The header that carries the bare key, such as Azure's `api-key`. Default: the key is sent as a bearer token. */
    keyHeader: headerName.optional(),
    /** Sent with every request. Must not hold a key; that belongs into its environment variable. */
    headers: z.record(headerName, z.string().regex(/^[\t\x20-\x7e]*$/)).default({}),
    /** Added to every URL, such as Azure's `api-version`. */
    query: z.record(z.string().min(1), z.string()).default({}),
    /** The path for chats, relative to the base URL; `{model}` stands for the provider's id of the model. */
    chatPath: path.default('/chat/completions'),
    /** The path of the list of models. Also used to check keys if nothing else can. */
    modelsPath: path.default('/models'),
    features: featuresSchema.partial().default({}),
  })
  .transform(({ preset: presetName, features, ...own }, context) => {
    const preset: Preset = presets[presetName];
    const { baseUrl = preset.baseUrl, name = preset.name ?? own.id } = own;
    if (baseUrl === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['baseUrl'],
        message: 'is needed, for example http://127.0.0.1:11434/v1',
      });
      return z.NEVER;
    }
    const { apiKeyVariable = null, keyHeader = null } = own;
    const known: ProviderFeatures = { ...preset.features, ...(features as Partial<ProviderFeatures>) };
    return { ...own, name, baseUrl, apiKeyVariable, keyHeader, features: known };
  });

/** An OpenAI-compatible endpoint as data: null stands for no key variable, or for a bearer token. */
export type ProviderDefinition = Readonly<z.output<typeof providerDefinitionSchema>>;

/** The setting with the provider's address: a variable for built-in providers, else the field in the models file. */
export function addressSetting({ id }: ProviderDefinition): string {
  return id === 'openrouter' || id === 'openai'
    ? `${id.toUpperCase()}_BASE_URL`
    : `\`baseUrl\` of "${id}" in models.json`;
}

/**
 * Fills in the defaults of a definition.
 * @throws ZodError if it is invalid
 */
export function defineProvider(input: z.input<typeof providerDefinitionSchema>): ProviderDefinition {
  return providerDefinitionSchema.parse(input);
}

function isBare(url: URL): boolean {
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}
