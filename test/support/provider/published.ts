import type { z } from 'zod';

/** The definition inside a zod schema, of every kind that generated types are made of. */
interface Definition {
  readonly type: string;
  readonly in?: Schema;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly options?: readonly Schema[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly getter?: () => Schema;
}

type Schema = z.core.$ZodType & {
  readonly def: Definition;
  readonly shape?: Readonly<Record<string, Schema>>;
};

const definitionOf = (schema: z.core.$ZodType) => (schema as Schema).def;

/** Through what is optional, null, transformed or in a list. */
function alternatives(schema: z.core.$ZodType): readonly Schema[] {
  const { in: input, innerType, element, options, getter } = definitionOf(schema);
  if (options !== undefined) return options.flatMap(alternatives);
  const inner = input ?? innerType ?? element ?? getter?.();
  return inner === undefined ? [schema as Schema] : alternatives(inner);
}

/** Wire names of the fields of an object in a schema, found by the names of the fields above it. Lists are not named. */
export function fieldsOf(schema: z.core.$ZodType, ...path: string[]): string[] {
  const [next, ...rest] = path;
  const objects = alternatives(schema).flatMap(({ shape }) => (shape === undefined ? [] : [shape]));
  if (next === undefined) return [...new Set(objects.flatMap(Object.keys))];
  return objects.flatMap((shape) => (shape[next] === undefined ? [] : fieldsOf(shape[next], ...rest)));
}

/** Every field in a schema, such as `choices.delta.content`. */
export function pathsOf(schema: z.core.$ZodType, before = ''): Set<string> {
  const paths = new Set<string>();
  for (const { shape = {} } of alternatives(schema)) {
    for (const [name, field] of Object.entries(shape)) {
      paths.add(before + name);
      for (const path of pathsOf(field, `${before}${name}.`)) paths.add(path);
    }
  }
  return paths;
}

/** A value with every field of the schema in it, and one entry in each list. */
export function sampleOf(schema: z.core.$ZodType): unknown {
  const { type, in: input, innerType, element, options, values, entries, getter } = definitionOf(schema);
  if (element !== undefined) return [sampleOf(element)];
  const inner = input ?? innerType ?? options?.[0] ?? getter?.();
  if (inner !== undefined) return sampleOf(inner);
  const { shape } = schema as Schema;
  if (shape !== undefined) {
    return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, sampleOf(field)]));
  }
  if (values !== undefined) return values[0];
  if (entries !== undefined) return Object.values(entries)[0];
  if (type === 'boolean') return true;
  if (type === 'number') return 1;
  return type === 'record' ? {} : '1';
}

/** The value, and which of its fields are looked at, as in `pathsOf`. */
export function watched<T>(value: T): { readonly value: T; readonly paths: ReadonlySet<string> } {
  const paths = new Set<string>();
  function watch(inner: unknown, before: string): unknown {
    if (typeof inner !== 'object' || inner === null) return inner;
    return new Proxy(inner, {
      get(target, name) {
        const field: unknown = Reflect.get(target, name);
        if (typeof name === 'symbol') return field;
        if (Array.isArray(target)) return watch(field, before);
        paths.add(before + name);
        return watch(field, `${before}${name}.`);
      },
    });
  }
  return { value: watch(value, '') as T, paths };
}
