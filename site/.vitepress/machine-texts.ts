import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { siteLink } from "./links.ts";

const LINK = /(\]\()([^)\s]+)(\))/g;

/**
 * Writes what machines read into the built site: the Markdown of each page beside its HTML (`/library.md` beside
 * `/library`), and `llms.txt`, which lists them (llmstxt.org).
 */
export function writeMachineTexts(
  docs: string,
  out: string,
  sidebar: readonly DefaultTheme.SidebarItem[],
): void {
  for (const page of globSync("**/*.md", { cwd: docs }).map(String)) {
    const text = readFileSync(join(docs, page), "utf8").replace(/^---\n.*?\n---\n/s, "");
    const twin = text.replace(LINK, (_whole, open, target, close) => open + siteLink(target, page) + close);
    mkdirSync(dirname(join(out, page)), { recursive: true });
    writeFileSync(join(out, page), twin);
  }
  writeFileSync(join(out, "llms.txt"), llmsText(docs, sidebar));
}

function llmsText(docs: string, sidebar: readonly DefaultTheme.SidebarItem[]): string {
  const sections = sidebar.map((item) => {
    const lines = withItems(item).map((entry) => lineOf(docs, entry));
    return `## ${item.text}\n\n${lines.join("\n")}\n`;
  });
  return `# Holdfast

> The MCP Tasks client for browsers and the edge: a tool call that outlives the page, the process and the connection.

Each page of the documentation is also Markdown, at its address with \`.md\`.

${sections.join("\n")}`;
}

function withItems(item: DefaultTheme.SidebarItem): DefaultTheme.SidebarItem[] {
  return [item, ...(item.items ?? []).flatMap(withItems)].filter(({ link }) => link !== undefined);
}

function lineOf(docs: string, { text, link = "" }: DefaultTheme.SidebarItem): string {
  const path = link.endsWith("/") ? `${link}index.md` : `${link}.md`;
  const summary = summaryOf(readFileSync(join(docs, path), "utf8"));
  return `- [${text}](${path})${summary === "" ? "" : `: ${summary}`}`;
}

/** The first sentence of a page that is text. */
function summaryOf(page: string): string {
  const paragraphs = page
    .replace(/^---\n.*?\n---\n/s, "")
    .replace(/^```.*?^```$/gms, "")
    .split(/\n{2,}/);
  const prose = paragraphs.find((paragraph) => /^[A-Z*`[]/.test(paragraph.trim())) ?? "";
  const plain = prose
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}
