import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A declaration of the build: the file it is in, and its name there. */
interface Declared {
  readonly file: string;
  readonly name: string;
}

interface Declarations {
  /** By name, the text of each declaration without its comments. */
  readonly texts: ReadonlyMap<string, string>;
  /** By local name, where it comes from: imports and re-exports of the package's own files. */
  readonly imported: ReadonlyMap<string, Declared>;
  /** By exported name. */
  readonly exported: ReadonlyMap<string, Declared>;
}

const DECLARATION =
  /^(?<export>export )?(?:declare )?(?:abstract )?(?:interface|class|function|const|type) (?<name>\w+)/gm;
/** A name in capitals is a constant: its type is written out where it is used. */
const TYPE = /\b(?![A-Z0-9_]+\b)[A-Z]\w*\b/g;
const LIST = /^(import|export)(?: type)? \{([^}]*)\} from "(\.[^"]+)";/gm;

/** The types that the surface of the entries is made of, and that no entry exports: `<type> (<who uses it>)`. */
export function unnameable(entries: readonly string[]): string[] {
  const files = new Map<string, Declarations>();
  const read = (file: string): Declarations => {
    const known = files.get(file) ?? declarationsIn(file);
    files.set(file, known);
    return known;
  };
  const resolved = ({ file, name }: Declared): Declared => {
    const { texts, exported, imported } = read(file);
    if (texts.has(name)) return { file, name };
    const from = exported.get(name) ?? imported.get(name);
    return from ? resolved(from) : { file, name };
  };
  const keyOf = ({ file, name }: Declared): string => `${file}#${name}`;
  const surface = new Map<string, Declared>();
  for (const entry of entries)
    for (const exported of read(entry).exported.values()) {
      const declared = resolved(exported);
      surface.set(keyOf(declared), declared);
    }
  const missing = new Set<string>();
  for (const { file, name } of surface.values()) {
    const { texts, imported } = read(file);
    for (const [used = ""] of texts.get(name)?.matchAll(TYPE) ?? []) {
      const declared = texts.has(used) ? { file, name: used } : imported.get(used);
      if (declared && !surface.has(keyOf(resolved(declared)))) missing.add(`${used} (${name})`);
    }
  }
  return [...missing].sort();
}

function declarationsIn(file: string): Declarations {
  const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const texts = new Map<string, string>();
  const exported = new Map<string, Declared>();
  const imported = new Map<string, Declared>();
  const starts = [...code.matchAll(DECLARATION)];
  for (const [index, match] of starts.entries()) {
    const { name = "", export: isExported } = match.groups ?? {};
    texts.set(name, (texts.get(name) ?? "") + code.slice(match.index, starts[index + 1]?.index));
    if (isExported) exported.set(name, { file, name });
  }
  for (const [, kind, names = "", from = ""] of code.matchAll(LIST)) {
    const target = join(dirname(file), from).replace(/\.(ts|js)$/, ".d.ts");
    for (const entry of names.split(",").map((part) => part.trim().replace(/^type /, ""))) {
      const [name = "", alias = name] = entry.split(" as ");
      if (name) (kind === "export" ? exported : imported).set(alias, { file: target, name });
    }
  }
  return { texts, exported, imported };
}
