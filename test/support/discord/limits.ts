import { z } from 'zod';
import { type FormIssue, invalidFormBody } from './errors.ts';

/**
 * Discord's size limits as schemas: https://discord.com/developers/docs/resources/message,
 * …/components/reference, …/interactions/application-commands, …/resources/channel.
 *
 * Discord does not say in what unit it counts. These count UTF-16 units, the strictest of the candidates, so what
 * passes here passes there.
 */
const text = (maxChars: number, minChars = 1) => z.string().min(minChars).max(maxChars);

const embed = z.looseObject({
  title: text(256, 0).optional(),
  description: text(4096, 0).optional(),
  footer: z.looseObject({ text: text(2048) }).optional(),
  author: z.looseObject({ name: text(256) }).optional(),
  fields: z
    .array(z.looseObject({ name: text(256), value: text(1024) }))
    .max(25)
    .optional(),
});

const COMPONENT = {
  actionRow: 1,
  button: 2,
  stringSelect: 3,
  textInput: 4,
  section: 9,
  textDisplay: 10,
  separator: 14,
  container: 17,
  label: 18,
} as const;

const button = z
  .looseObject({
    type: z.literal(COMPONENT.button),
    style: z.int().min(1).max(6),
    label: text(80).optional(),
    custom_id: text(100).optional(),
    url: text(512).optional(),
  })
  .refine((value) => (value.style === 5 ? value.url !== undefined : value.custom_id !== undefined), {
    message: 'A custom id or url is required',
    params: { code: 'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED' },
  })
  .refine((value) => value.label !== undefined || value['emoji'] !== undefined, {
    message: 'A label or emoji is required',
    params: { code: 'BUTTON_COMPONENT_LABEL_REQUIRED' },
  });

const stringSelect = z.looseObject({
  type: z.literal(COMPONENT.stringSelect),
  custom_id: text(100),
  placeholder: text(150).optional(),
  options: z
    .array(z.looseObject({ label: text(100), value: text(100), description: text(100).optional() }))
    .min(1)
    .max(25),
});

const actionRow = z.looseObject({
  type: z.literal(COMPONENT.actionRow),
  components: z
    .array(z.union([button, stringSelect]))
    .min(1)
    .max(5),
});

const textDisplay = z.looseObject({ type: z.literal(COMPONENT.textDisplay), content: text(4000) });
const separator = z.looseObject({ type: z.literal(COMPONENT.separator) });
const section = z.looseObject({
  type: z.literal(COMPONENT.section),
  components: z.array(textDisplay).min(1).max(3),
  accessory: z.looseObject({}),
});
const container = z.looseObject({
  type: z.literal(COMPONENT.container),
  components: z.array(z.union([actionRow, textDisplay, separator, section])).min(1),
});

const component = z.union([actionRow, textDisplay, separator, section, container]);

const allowedMentions = z
  .looseObject({
    parse: z.array(z.enum(['users', 'roles', 'everyone'])).optional(),
    users: z.array(z.string()).max(100).optional(),
    roles: z.array(z.string()).max(100).optional(),
    replied_user: z.boolean().optional(),
  })
  .refine((value) => !(value.parse?.includes('users') && value.users?.length), {
    message: 'parse:["users"] and users: [ids...] are mutually exclusive.',
    params: { code: 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE' },
  });

export const FLAGS = {
  suppressEmbeds: 1 << 2,
  ephemeral: 1 << 6,
  loading: 1 << 7,
  componentsV2: 1 << 15,
} as const;

const message = z
  .looseObject({
    content: text(2000, 0).nullish(),
    embeds: z.array(embed).max(10).nullish(),
    components: z.array(component).nullish(),
    allowed_mentions: allowedMentions.nullish(),
    flags: z.int().nullish(),
    nonce: z.union([text(25), z.int()]).nullish(),
    enforce_nonce: z.boolean().optional(),
    attachments: z
      .array(
        z.looseObject({
          id: z.union([z.string(), z.int()]),
          filename: z.string().optional(),
          description: text(1024).optional(),
        }),
      )
      .nullish(),
    message_reference: z
      .looseObject({ message_id: z.string(), fail_if_not_exists: z.boolean().optional() })
      .optional(),
  })
  .check((ctx) => {
    const refuse = (path: string[], code: string, text: string) =>
      ctx.issues.push({ code: 'custom', message: text, path, params: { code }, input: ctx.value });
    const { content, embeds, components, flags } = ctx.value;
    const v2 = ((flags ?? 0) & FLAGS.componentsV2) !== 0;

    if (embeds && embeds.reduce((sum, each) => sum + embedChars(each), 0) > 6000) {
      refuse(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000');
    }
    if (v2 && content) {
      refuse(
        ['content'],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
      );
    }
    if (v2 && embeds?.length) {
      refuse(
        ['embeds'],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        "The 'embeds' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
      );
    }
    const all = (components ?? []).flatMap(descendants);
    const customIds = all.map((each) => each['custom_id']).filter((id) => id !== undefined);
    if (new Set(customIds).size < customIds.length) {
      refuse(
        ['components'],
        'COMPONENT_CUSTOM_ID_DUPLICATED',
        'Component custom id cannot be duplicated in the message',
      );
    }
    if (!v2) {
      if ((components?.length ?? 0) > 5) {
        refuse(['components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.');
      }
      if (components?.some((each) => each.type !== COMPONENT.actionRow)) {
        refuse(['components'], 'UNION_TYPE_CHOICES', 'Value of field "type" must be one of (1,).');
      }
      return;
    }
    if (all.length > 40) refuse(['components'], 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', 'Maximum is 40');
    const chars = all.reduce((sum, each) => sum + String(each['content'] ?? '').length, 0);
    if (chars > 4000) {
      refuse(
        ['components'],
        'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
        'The total displayable text size of all components must be less than 4000',
      );
    }
  });

function embedChars(value: z.infer<typeof embed>): number {
  const fields = (value.fields ?? []).reduce((sum, field) => sum + field.name.length + field.value.length, 0);
  return (
    (value.title?.length ?? 0) +
    (value.description?.length ?? 0) +
    (value.footer?.text.length ?? 0) +
    (value.author?.name.length ?? 0) +
    fields
  );
}

function descendants(node: Record<string, unknown>): Record<string, unknown>[] {
  const children = Array.isArray(node['components']) ? (node['components'] as Record<string, unknown>[]) : [];
  const accessory = node['accessory'] ? [node['accessory'] as Record<string, unknown>] : [];
  return [node, ...children.flatMap(descendants), ...accessory];
}

const choice = z.looseObject({ name: text(100), value: z.union([text(100), z.number()]) });
const commandName = z.string().regex(/^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u, 'Command name is invalid');
const localizations = (maxChars: number) => z.record(z.string(), text(maxChars)).nullish();

const commandOption = z.looseObject({
  type: z.int().min(1).max(11),
  name: commandName,
  name_localizations: localizations(32),
  description: text(100),
  description_localizations: localizations(100),
  required: z.boolean().optional(),
  autocomplete: z.boolean().optional(),
  choices: z.array(choice).max(25).optional(),
  min_length: z.int().min(0).max(6000).optional(),
  max_length: z.int().min(1).max(6000).optional(),
  min_value: z.number().optional(),
  max_value: z.number().optional(),
});

const command = z
  .looseObject({
    name: z.string().min(1).max(32),
    name_localizations: localizations(32),
    type: z.int().min(1).max(4).default(1),
    description: z.string().max(100).default(''),
    description_localizations: localizations(100),
    options: z.array(commandOption).max(25).default([]),
    default_member_permissions: z.string().regex(/^\d+$/).nullish(),
    contexts: z.array(z.int().min(0).max(2)).nullish(),
    integration_types: z.array(z.int().min(0).max(1)).optional(),
  })
  .check((ctx) => {
    const { type, name, description, options } = ctx.value;
    const refuse = (path: string[], code: string, text: string) =>
      ctx.issues.push({ code: 'custom', message: text, path, params: { code }, input: ctx.value });
    if (type === 1 && !commandName.safeParse(name).success) {
      refuse(['name'], 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
    }
    if (type === 1 && description === '') {
      refuse(['description'], 'BASE_TYPE_REQUIRED', 'This field is required');
    }
    const firstOptional = options.findIndex((option) => option.required !== true);
    if (firstOptional !== -1 && options.slice(firstOptional).some((option) => option.required)) {
      refuse(
        ['options'],
        'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        'Required options must be placed before non-required options',
      );
    }
    if (options.some((option) => option.autocomplete && option.choices?.length)) {
      refuse(
        ['options'],
        'APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES',
        'Choices and autocomplete exclude each other',
      );
    }
    if (new Set(options.map((option) => option.name)).size < options.length) {
      refuse(['options'], 'APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE', 'Option name already exists');
    }
    const chars = options.reduce(
      (sum, option) =>
        sum +
        option.name.length +
        option.description.length +
        (option.choices ?? []).reduce((all, each) => all + each.name.length + String(each.value).length, 0),
      name.length + description.length,
    );
    if (chars > 8000) {
      refuse([], 'APPLICATION_COMMAND_TOO_LARGE', 'Command exceeds maximum size (8000)');
    }
  });

const commands = z.array(command).check((ctx) => {
  const inputs = ctx.value.filter((each) => each.type === 1);
  if (inputs.length > 100) {
    ctx.issues.push({
      code: 'custom',
      message: 'Maximum number of commands reached (100)',
      input: ctx.value,
    });
  }
});

const ARCHIVE_MINUTES = [60, 1440, 4320, 10_080];

const thread = z.looseObject({
  name: text(100),
  auto_archive_duration: z
    .int()
    .refine((value) => ARCHIVE_MINUTES.includes(value), {
      message: `Value must be one of {${ARCHIVE_MINUTES.join(', ')}}.`,
      params: { code: 'BASE_TYPE_CHOICES' },
    })
    .optional(),
  type: z.int().optional(),
  message: message.optional(),
});

const choices = z.looseObject({ choices: z.array(choice).max(25) });

const textInput = z.looseObject({
  type: z.literal(COMPONENT.textInput),
  custom_id: text(100),
  style: z.int().min(1).max(2),
  min_length: z.int().min(0).max(4000).optional(),
  max_length: z.int().min(1).max(4000).optional(),
  required: z.boolean().optional(),
  placeholder: text(100).optional(),
});

const modalField = z.discriminatedUnion('type', [
  textInput,
  stringSelect.extend({ required: z.boolean().optional() }),
]);

const label = z.looseObject({
  type: z.literal(COMPONENT.label),
  label: text(45),
  description: text(100).optional(),
  component: modalField,
});

const modal = z
  .looseObject({ custom_id: text(100), title: text(45), components: z.array(label).min(1).max(5) })
  .refine(
    ({ components }) =>
      new Set(components.map((each) => each.component.custom_id)).size === components.length,
    {
      message: 'Component custom id cannot be duplicated',
      params: { code: 'COMPONENT_CUSTOM_ID_DUPLICATED' },
    },
  );

export type MessageBody = z.infer<typeof message>;
export type CommandBody = z.infer<typeof command>;
export type ModalBody = z.infer<typeof modal>;
export type ModalField = z.infer<typeof modalField>;

/** Each parses a request's body or throws 50035 with every fault at its path. */
export const parseMessage = parser(message);
export const parseCommands = parser(commands);
export const parseThread = parser(thread);
export const parseChoices = parser(choices);
export const parseModal = parser(modal);

function parser<T>(schema: z.ZodType<T>): (body: unknown) => T {
  return (body) => {
    const result = schema.safeParse(body ?? {});
    if (result.success) return result.data;
    throw invalidFormBody(result.error.issues.flatMap((issue) => describe(issue, [])));
  };
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, parents: readonly PropertyKey[]): FormIssue[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The branch that got furthest is the one that was meant.
    const meant = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    return meant.flatMap((each) => describe(each, path));
  }
  return [{ path: path.map((key) => (typeof key === 'number' ? key : String(key))), ...wording(issue) }];
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function wording(issue: Issue): { code: string; message: string } {
  switch (issue.code) {
    case 'too_big':
      return {
        code: 'BASE_TYPE_MAX_LENGTH',
        message: `Must be ${issue.maximum} or fewer in length.`,
      };
    case 'too_small':
      return { code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${issue.minimum} or more in length.` };
    case 'invalid_type':
      return issue.message.includes('received undefined')
        ? { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
        : { code: 'BASE_TYPE_INVALID', message: issue.message };
    case 'custom': {
      const code = issue.params?.['code'];
      return { code: typeof code === 'string' ? code : 'BASE_TYPE_INVALID', message: issue.message };
    }
    default:
      return { code: 'BASE_TYPE_INVALID', message: issue.message };
  }
}
