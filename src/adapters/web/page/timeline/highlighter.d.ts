interface Highlighter {
  /** Undefined for an unknown language. */
  getLanguage(name: string): object | undefined;
  /** The code as HTML, with its text escaped. */
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { readonly value: string };
}
declare const highlighter: Highlighter;
export default highlighter;
