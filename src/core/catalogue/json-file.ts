/** Parses JSON that a person wrote. `fault` gives line, column and reason. */
export function parseJsonFile(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const sound = text.slice(0, soundChars(text));
    const line = sound.split('\n').length;
    const column = sound.length - sound.lastIndexOf('\n');
    // After the reason V8 adds a quotation or an offset, never both.
    const reason = (error as Error).message.replace(/(?: in JSON at position|, (?:\.\.\.)?").*$/s, '');
    return { fault: `line ${line}, column ${column} is not JSON: ${reason}` };
  }
}

/** The length of the longest prefix that could continue as JSON, found by halving: V8 does not always give a position. */
function soundChars(text: string): number {
  let [sound, most] = [0, text.length];
  while (sound < most) {
    const middle = Math.ceil((sound + most) / 2);
    if (couldGoOn(text.slice(0, middle))) sound = middle;
    else most = middle - 1;
  }
  return sound;
}

/** Whether a text is valid JSON, or only lacks its end. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = / at position (\d+)/.exec(message)?.[1];
    return position === undefined
      ? message === 'Unexpected end of JSON input'
      : Number(position) === text.length;
  }
}
