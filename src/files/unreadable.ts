/** A file cannot be read; `message` says why, as a sentence for the asker. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code = 'unreadable';
}
