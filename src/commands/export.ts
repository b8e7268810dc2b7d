import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { defineCommand } from '../core/command.ts';
import type { PersonalData } from '../core/conversations/privacy.ts';
import { counted } from '../core/kit/text/text.ts';
import { waitInWords } from '../core/kit/time/durations.ts';
import type { NoticeFile } from '../core/ports/surface.ts';

/** Discord accepts files of 10 MiB; larger ones are compressed. */
const MAX_PLAIN_BYTES = 8 * 1_048_576;

export const exportData = defineCommand({
  name: 'export',
  description: 'Download everything stored about you here',
  role: 'member',
  reply: 'private',
  isOpenToAll: true,
  options: {},
  async run({ actor, place, services }) {
    const waitMs = services.privacy.countRequest(place.guild, actor.user);
    if (waitMs > 0) return tooOften(waitMs);
    const data = await services.privacy.dataOf(place.guild, actor.user);
    const { turns, requests } = data;
    return {
      text: `Everything stored about you here: ${counted(turns.length, 'question with its answer', 'questions with their answers')}, and the cost of ${counted(requests.length, 'request', 'requests')}. \`/forget what:myself\` deletes it.`,
      files: [await fileOf(data)],
    };
  },
});

async function fileOf(data: PersonalData): Promise<NoticeFile> {
  const bytes = Buffer.from(`${JSON.stringify(data, null, 2)}\n`);
  const description = 'Your questions, the answers and their cost, as JSON';
  if (bytes.length <= MAX_PLAIN_BYTES) {
    return { name: 'parley-data.json', mediaType: 'application/json', bytes, description };
  }
  const compressed = await promisify(gzip)(bytes);
  return { name: 'parley-data.json.gz', mediaType: 'application/gzip', bytes: compressed, description };
}

/** For `/export` and `/forget`, which share one limit. */
export function tooOften(waitMs: number): string {
  return `You have used this command too often in the last few minutes. Try again ${waitInWords(waitMs)}.`;
}
