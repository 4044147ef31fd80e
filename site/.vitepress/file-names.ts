import type { MarkdownRenderer } from "vitepress";

/** Shows the name of the file that a block is, which GitHub does not show: the second word behind the fence. */
export function fileNames(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const rendered = fence?.(tokens, index, ...rest) ?? "";
    const [, file] = /^\S+ ([\w./-]+)$/.exec(tokens[index]?.info ?? "") ?? [];
    return file === undefined ? rendered : `<div class="file-name">${file}</div>${rendered}`;
  };
}
