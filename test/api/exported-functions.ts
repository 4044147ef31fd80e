import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ENTRIES } from "../../site/entries.ts";
import { ROOT } from "../examples/documents.ts";

/** A function that an entry of the package exports. */
export interface ExportedFunction {
  readonly specifier: string;
  readonly name: string;
  /** What its docstring has under `@example`. */
  readonly example?: string;
}

/** The functions of all entries of package.json's `exports`, each under the first entry that exports it. */
export function exportedFunctions(): readonly ExportedFunction[] {
  const found = new Map<string, ExportedFunction>();
  for (const { specifier, source } of ENTRIES)
    for (const name of exportedNames(textOf(join(ROOT, source)))) {
      const declared = declaredFunction(join(ROOT, source), name);
      if (declared && !found.has(declared.place))
        found.set(declared.place, {
          specifier,
          name,
          ...(declared.example !== undefined && { example: declared.example }),
        });
    }
  return [...found.values()];
}

export function exportedNames(text: string): readonly string[] {
  const declared = [...text.matchAll(/^export (?:async )?function\*? (\w+)/gm)].map(([, name = ""]) => name);
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    entriesOf(names).map(({ alias }) => alias),
  );
  return [...declared, ...listed];
}

/** Follows a name to the file that declares a function of it. */
function declaredFunction(
  file: string,
  name: string,
): { readonly place: string; readonly example?: string } | undefined {
  const text = textOf(file);
  const at = new RegExp(`^export (?:async )?function\\*? ${name}\\b`, "m").exec(text);
  if (at) {
    const [docstring = ""] = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n$/.exec(text.slice(0, at.index)) ?? [];
    const lines = docstring.replace(/^ ?\*(?:\/| ?)/gm, "");
    const [, example] = /^@example\s+([\s\S]*?)(?=^@|(?![\s\S]))/m.exec(lines) ?? [];
    return { place: `${file}#${name}`, ...(example !== undefined && { example: example.trim() }) };
  }
  for (const [, names = "", from = ""] of text.matchAll(
    /^(?:im|ex)port (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm,
  )) {
    const entry = entriesOf(names).find(({ alias }) => alias === name);
    if (entry) return declaredFunction(join(dirname(file), from), entry.name);
  }
  return undefined;
}

function entriesOf(names: string): readonly { readonly name: string; readonly alias: string }[] {
  return names
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !part.startsWith("type "))
    .map((part) => {
      const [name = "", alias = name] = part.split(" as ");
      return { name, alias };
    });
}

function textOf(file: string): string {
  return readFileSync(file, "utf8");
}
