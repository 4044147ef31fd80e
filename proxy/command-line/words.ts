import { ConfigurationError } from "../configuration/variables.ts";

/**
 * Splits a command line into words by spaces and quotes, for settings forms that have one field for a command. Nothing is
 * expanded and no shell is involved. A backslash escapes a quote or a space only: paths of Windows keep theirs.
 */
export function words(line: string): readonly string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (char === "\\" && (next === '"' || next === "'" || (next === " " && !quote))) {
      word = (word ?? "") + next;
      at++;
    } else if (quote) {
      if (char === quote) quote = undefined;
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote) throw new ConfigurationError("A quote in the command is not closed");
  if (word !== undefined) found.push(word);
  return found;
}
