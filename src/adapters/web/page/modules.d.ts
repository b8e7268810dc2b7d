declare module '@highlightjs/cdn-assets/es/highlight.min.js' {
  interface Highlighter {
    /** Undefined where the language is not known. */
    getLanguage(name: string): object | undefined;
    /** HTML of the code, its text escaped. */
    highlight(
      code: string,
      options: { language: string; ignoreIllegals: boolean },
    ): { readonly value: string };
  }
  const highlighter: Highlighter;
  export default highlighter;
}
