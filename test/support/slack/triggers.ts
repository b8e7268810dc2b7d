export interface Triggers {
  create(user: string): string;
  use(id: string): { user: string } | { error: string };
}

/** Trigger ids live for so long and serve once. */
export function createTriggers(now: () => number, lifetimeMs: number): Triggers {
  const triggers = new Map<string, { user: string; madeAtMs: number; used: boolean }>();
  return {
    create(user) {
      const id = `trigger.${triggers.size + 1}`;
      triggers.set(id, { user, madeAtMs: now(), used: false });
      return id;
    },
    use(id) {
      const trigger = triggers.get(id);
      if (trigger === undefined) return { error: 'invalid_trigger_id' };
      if (trigger.used) return { error: 'exchanged_trigger_id' };
      if (now() - trigger.madeAtMs > lifetimeMs) return { error: 'expired_trigger_id' };
      trigger.used = true;
      return { user: trigger.user };
    },
  };
}
