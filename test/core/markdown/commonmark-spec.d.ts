/** The package carries no types. */
declare module 'commonmark-spec' {
  export const tests: readonly {
    readonly number: number;
    readonly section: string;
    /** With `→` for a tab. */
    readonly markdown: string;
  }[];
}
