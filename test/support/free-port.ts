import { once } from 'node:events';
import { createServer } from 'node:net';

/** Linux takes ports from 32768 on for connections that go out: one of them could take it before it is bound again. */
const PORTS = { from: 20_000, to: 32_000 };

/** A port that nothing listens on, and that nothing takes by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const probe = createServer();
    try {
      probe.listen(port, '127.0.0.1');
      await once(probe, 'listening');
    } catch {
      continue; // taken
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
