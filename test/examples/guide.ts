import { sectionsOf } from "./documents.ts";

/** A complete app of a guide: its files by path, and the packages it says to install. */
export interface Example {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly packages: readonly string[];
}

/** Takes the examples out of a guide. A block headed `lang folder/path` is that file of the example `folder`. */
export function examplesIn(document: string): ReadonlyMap<string, Example> {
  const examples = new Map<string, Example>();
  for (const { blocks } of sectionsOf(document)) {
    const installed = blocks.flatMap(({ language, code }) => (language === "sh" ? packagesIn(code) : []));
    for (const { file, code } of blocks) {
      const [name, ...rest] = file?.split("/") ?? [];
      if (name === undefined) continue;
      const example = examples.get(name) ?? { name, files: new Map<string, string>(), packages: installed };
      examples.set(name, { ...example, files: new Map([...example.files, [rest.join("/"), code]]) });
    }
  }
  return examples;
}

function packagesIn(shell: string): string[] {
  return shell.split("\n").flatMap((line) => {
    const [, names = ""] = /^npm install (.*)$/.exec(line) ?? [];
    return names.split(" ").filter((word) => word !== "" && !word.startsWith("-"));
  });
}
