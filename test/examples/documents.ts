import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT: string = join(import.meta.dirname, "../..");

/** What people read before they use the package. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  ...globSync("docs/**/*.md", { cwd: ROOT })
    .map(String)
    // Generated from the docstrings, whose examples have a test of their own.
    .filter((path) => !path.startsWith("docs/api/"))
    .sort(),
];

/** A fenced block. */
export interface Block {
  /** Where it is: the document, the heading above it, and which of its blocks it is. */
  readonly place: string;
  readonly language: string;
  /** What stands behind the language: the file it is of a complete example. */
  readonly file?: string;
  readonly code: string;
}

const FENCE = /^```(\S*)(?: (\S+))?\n(.*?)^```$/gms;

export function textOf(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

export function blocksOf(document: string): readonly Block[] {
  return sectionsOf(document).flatMap(({ blocks }) => blocks);
}

export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

/** The parts of a document under its second headings; what comes before them is under the first. */
export function sectionsOf(document: string): readonly Section[] {
  return textOf(document)
    .split(/^#{1,2} (?=.*$)/m)
    .slice(1)
    .map((text) => {
      const heading = text.slice(0, text.indexOf("\n"));
      const blocks = [...text.matchAll(FENCE)].map(([, language = "", file, code = ""], index) => ({
        place: `${document}, ${heading}, ${index + 1}`,
        language,
        ...(file !== undefined && { file }),
        code,
      }));
      return { heading, blocks };
    });
}

/** The code in the running text: what stands between single backticks. */
export function spansOf(document: string): readonly string[] {
  const prose = textOf(document).replace(FENCE, "");
  return [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, code = ""]) => code);
}

/** Where the links and pictures of a document lead, that lead into this repository. */
export function localLinksOf(document: string): readonly string[] {
  const prose = textOf(document).replace(FENCE, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** What leads to the headings of a document behind `#`, as GitHub derives it. */
export function anchorsOf(document: string): readonly string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
