/** What is wrong with a whole value, each problem with the field that it is about. */
export interface FieldProblems {
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** What is about no field alone. */
  readonly rest: readonly string[];
}

/**
 * Finds the fields of a schema that a message is about, by their names or titles in it. A server says in one text what is
 * wrong with several fields, one a line or divided by semicolons.
 */
export function problemsByField(message: string, schema: unknown): FieldProblems {
  const { properties } = Object(schema) as { readonly properties?: unknown };
  const known = Object.entries(Object(properties) as object).map(([name, field]) => {
    const { title } = Object(field) as { readonly title?: unknown };
    return { name, words: typeof title === "string" && title !== "" ? [name, title] : [name] };
  });
  const fields: [string, string][] = [];
  const rest: string[] = [];
  for (const part of message.split(/[;\n]+/).map((text) => text.trim())) {
    if (part === "") continue;
    const named = known.filter(({ words }) => words.some((word) => hasWord(part, word)));
    const [only] = named;
    if (only && named.length === 1) fields.push([only.name, part]);
    else rest.push(part);
  }
  const names = new Set(fields.map(([name]) => name));
  return {
    fields: Object.fromEntries(
      [...names].map((name) => [name, fields.filter(([of]) => of === name).map(([, text]) => text)]),
    ),
    rest,
  };
}

/** Whether a text has a name as a word of its own, and not as a part of another. */
function hasWord(text: string, word: string): boolean {
  const [within, sought] = [text.toLowerCase(), word.toLowerCase()];
  for (let at = within.indexOf(sought); at >= 0; at = within.indexOf(sought, at + 1)) {
    const around = [within[at - 1], within[at + sought.length]];
    if (!around.some((letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter))) return true;
  }
  return false;
}
