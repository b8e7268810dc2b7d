interface Highlighter {
  /** Undefined where the language is not known. */
  getLanguage(name: string): object | undefined;
  /** HTML of the code, its text escaped. */
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { readonly value: string };
}
declare const highlighter: Highlighter;
export default highlighter;
