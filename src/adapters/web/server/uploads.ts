import { z } from 'zod';
import { type CollectionStore, createCollection } from '../../../core/coordination/collection.ts';
import { FileUnavailable } from '../../../core/ports/files.ts';
import { type FilePart, filePart } from '../../../core/ports/parts.ts';
import { Refused } from '../../../http/requests.ts';

const uploadSchema = z.object({
  name: z.string(),
  mediaType: z.string(),
  /** The person who uploaded it; nobody else can send it. */
  user: z.string(),
  base64: z.string(),
});

/** Files that people attach in the playground. In the store, because no platform keeps them. */
export interface Uploads {
  /** Stores a file of a message that is yet to be sent, under an id that the page made. */
  save(
    id: string,
    file: Omit<z.infer<typeof uploadSchema>, 'base64'> & { readonly bytes: Uint8Array },
  ): Promise<void>;
  /**
   * The files of a message.
   * @throws Refused if one is missing or belongs to somebody else
   */
  parts(ids: readonly string[], user: string): Promise<FilePart[]>;
  /** @throws FileUnavailable */
  read(id: string): Promise<Uint8Array<ArrayBuffer>>;
  delete(ids: readonly string[]): Promise<void>;
}

/** Keeps each file for `retentionMs` milliseconds. */
export function createUploads(store: CollectionStore, retentionMs: number): Uploads {
  const uploads = createCollection(store, 'playground-files', uploadSchema, { ttlMs: retentionMs });

  return {
    save: (id, { bytes, ...file }) =>
      uploads.set(id, { ...file, base64: Buffer.from(bytes).toString('base64') }),
    async parts(ids, user) {
      const parts: FilePart[] = [];
      for (const id of ids) {
        const file = await uploads.get(id);
        if (file?.user !== user) throw new Refused(409, 'A file is gone. Attach it again.');
        const sizeBytes = Math.floor((file.base64.length * 3) / 4);
        parts.push(filePart({ name: file.name, mediaType: file.mediaType, sizeBytes, reference: id }));
      }
      return parts;
    },
    async read(id) {
      const file = await uploads.get(id);
      if (file === undefined) throw new FileUnavailable('It is no longer in the playground.');
      return new Uint8Array(Buffer.from(file.base64, 'base64'));
    },
    async delete(ids) {
      for (const id of ids) await uploads.delete(id);
    },
  };
}
