import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";

const ROOT = join(import.meta.dirname, "../..");
const DOCS = join(ROOT, "docs");
export const REPOSITORY = "https://github.com/holdfast-mcp/holdfast";

/** A link of a page of docs/ that leads to another file of the repository leads to it on GitHub; other links stay as they are. */
export function siteLink(target: string, page: string): string {
  if (/^([a-z]+:|#|\/)/.test(target)) return target;
  const [path = "", anchor] = target.split("#");
  const file = join(DOCS, dirname(page), path);
  const within = relative(DOCS, file);
  if (!within.startsWith("..") && /\.(md|png|svg)$/.test(within)) return target;
  if (!existsSync(file)) return target;
  const place = relative(ROOT, file);
  return `${REPOSITORY}/blob/main/${place}${anchor === undefined ? "" : `#${anchor}`}`;
}

/** Applies `siteLink` before VitePress looks at the links of a page. */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === "link_open" ? token.attrGet("href") : null;
      if (target !== null)
        token.attrSet("href", siteLink(target, (env as { relativePath: string }).relativePath));
    }
  });
}
