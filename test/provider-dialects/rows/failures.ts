import { json } from '../../support/provider/fake-provider.ts';
import type { Row } from '../harness.ts';

/** What the asker is told. */
export const FAILURES: readonly Row[] = [
  {
    name: 'has no money left behind the key',
    replies: [json(402, { error: { code: 402, message: 'Insufficient credits' } })],
    expect: {
      text: '',
      note: "The bot's The server account has run out of credit. Please tell the operator of this bot.",
      status: 'failed',
      booked: 0,
      requests: 1,
    },
  },
];
