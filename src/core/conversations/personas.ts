import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';
import { EFFORTS } from '../ports/effort.ts';
import type { LogRecord, Store } from '../ports/store.ts';
import { MAX_INSTRUCTIONS_CHARS } from './instructions.ts';

const personaSchema = z.object({
  /** Unique in its guild, ignoring case. Shown in footers, so it contains no markup. */
  name: z.string(),
  instructions: z.string().max(MAX_INSTRUCTIONS_CHARS),
  /** Catalogue id of its model; left out if settings decide. Access is checked on each use. */
  model: z.string().exactOptional(),
  /** The effort of its model; left out if settings decide. */
  effort: z.enum(EFFORTS).exactOptional(),
  /** 0 to 2; left out for the model's default. */
  temperature: z.number().min(0).max(2).exactOptional(),
});
const librarySchema = z.object({ personas: z.array(personaSchema) });
type Library = z.infer<typeof librarySchema>;

/** A persona for the bot: a name with instructions and optionally a model, an effort and a temperature. */
export type Persona = z.infer<typeof personaSchema>;

/** As many as a Discord menu can show. */
export const MAX_PERSONAS = 25;
/** 1 to 40 letters, digits, spaces, apostrophes and hyphens, which no platform reads as markup. */
export const PERSONA_NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} '’-]{0,39}$/u;

export type Personas = ReturnType<typeof createPersonas>;

/** The personas of a guild, maintained by its admins. A change appends its `record` to the audit log in the same step. */
export function createPersonas(store: Store) {
  const libraries = createCollection(store, 'personas', librarySchema);

  /** Sorted by name. */
  async function list(guild: GuildId): Promise<readonly Persona[]> {
    return (await libraries.get(guild))?.personas ?? [];
  }

  return {
    list,
    /** Null if there is none of that name. Ignores case. */
    get: async (guild: GuildId, name: string) =>
      (await list(guild)).find((persona) => isCalled(persona, name)) ?? null,
    /** Adds it, or replaces the one of the same name. `full`: there are `MAX_PERSONAS` already. */
    async save(guild: GuildId, persona: Persona, record?: LogRecord): Promise<'added' | 'replaced' | 'full'> {
      const isOther = (other: Persona) => !isCalled(other, persona.name);
      const add = (library?: Library) => {
        const others = (library?.personas ?? []).filter(isOther);
        if (others.length >= MAX_PERSONAS) return library;
        return { personas: [...others, persona].toSorted((a, b) => a.name.localeCompare(b.name, 'en')) };
      };
      const before = await libraries.change(guild, add, { record });
      const { personas = [] } = before ?? {};
      if (!personas.every(isOther)) return 'replaced';
      return personas.length >= MAX_PERSONAS ? 'full' : 'added';
    },
    /** Removes the one of that name, if there is one. */
    async remove(guild: GuildId, name: string, record?: LogRecord): Promise<void> {
      const isMeant = (persona: Persona) => isCalled(persona, name);
      const without = (library?: Library) => {
        if (!library?.personas.some(isMeant)) return library;
        return { personas: library.personas.filter((persona) => !isMeant(persona)) };
      };
      await libraries.change(guild, without, { record });
    },
    async forgetGuild(guild: GuildId): Promise<void> {
      await libraries.delete(guild);
    },
  };
}

function isCalled(persona: Persona, name: string): boolean {
  return persona.name.toLowerCase() === name.trim().toLowerCase();
}
