import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";
import { fileNames } from "./file-names.ts";
import { REPOSITORY, repositoryLinks } from "./links.ts";
import { writeMachineTexts } from "./machine-texts.ts";
import { SIDEBAR } from "./sidebar.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const ICON = readFileSync(join(import.meta.dirname, "../../extension/icon.svg"), "utf8");

export default defineConfig({
  title: "Holdfast",
  description: "The MCP Tasks client for browsers and the edge: a tool call that outlives the page.",
  lang: "en",
  base: (process.env.DOCS_BASE ?? "/") as `/${string}/`,
  srcDir: DOCS,
  outDir: "dist",
  cacheDir: "../node_modules/.cache/vitepress",
  cleanUrls: true,
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  markdown: {
    config: (md) => {
      repositoryLinks(md);
      fileNames(md);
    },
  },
  themeConfig: {
    sidebar: SIDEBAR,
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: "Edit this page" },
  },
  buildEnd: ({ outDir }) => writeMachineTexts(DOCS, outDir, SIDEBAR),
});
