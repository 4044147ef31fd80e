import type { Root, RootContent } from "hast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { toHast } from "mdast-util-to-hast";
import { gfm } from "micromark-extension-gfm";

/** A tree with more parts, or deeper, would keep the page busy that draws it. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 100;

/**
 * Reads Markdown apart from the page: some texts take its parser longer than anybody waits, and here it can be ended.
 * Answers with the tree, or with null where it is too large to draw.
 */
addEventListener("message", ({ data }: MessageEvent<string>) => {
  const read = fromMarkdown(data, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const tree = toHast(read, { allowDangerousHtml: true });
  postMessage(tree.type === "root" && fits(tree) ? tree : null);
});

postMessage("ready");

/** Checks without recursion, which a deep tree would exhaust. HTML becomes text on the way. */
function fits(tree: Root): boolean {
  let nodes = 0;
  let level: (Root | RootContent)[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    nodes += level.length;
    if (depth > MAX_DEPTH || nodes > MAX_NODES) return false;
    for (const node of level) {
      if (node.type === "raw") Object.assign(node, { type: "text" });
      // Two texts of a page may have the same footnotes.
      if (node.type === "element") delete node.properties.id;
    }
    level = level.flatMap((node) => ("children" in node ? node.children : []));
  }
  return true;
}
