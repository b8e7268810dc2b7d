import { createClient } from '@keyv/redis';

/** The work of a Redis since its start. */
export interface RedisWork {
  readonly commands: number;
  /** In both directions. */
  readonly bytes: number;
  readonly cpuMs: number;
}

export async function readRedis(url: string): Promise<RedisWork> {
  const client = createClient({ url });
  await client.connect();
  try {
    const text = await client.info();
    const field = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1]);
    return {
      commands: field('total_commands_processed'),
      bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
      cpuMs: (field('used_cpu_user') + field('used_cpu_sys')) * 1_000,
    };
  } finally {
    client.destroy();
  }
}
