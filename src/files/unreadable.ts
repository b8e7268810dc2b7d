/** A file cannot be read; `message` tells the asker why, as a sentence. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code = 'unreadable';
}
