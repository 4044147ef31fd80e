import { type Components, toJsxRuntime } from "hast-util-to-jsx-runtime";
import type { ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import { useMarkdownTree } from "./markdown-tree.ts";
import { SafeLink } from "./safe-link.tsx";

const COMPONENTS: Partial<Components> = {
  a: ({ href, children }) => <SafeLink to={href}>{children}</SafeLink>,
  // An image from elsewhere would tell its server who reads this.
  img: ({ src, alt }) => <SafeLink to={src}>{alt || String(src)}</SafeLink>,
  // The page has headings of its own above these.
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h5>{children}</h5>,
  h3: ({ children }) => <h6>{children}</h6>,
  // A box of a list of tasks cannot be ticked here.
  input: ({ checked }) => <span>{checked ? "☑" : "☐"}</span>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section className="table-scroller" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
};

export interface MarkdownProps {
  readonly text: string;
  /** What is shown while the text is read, and instead if that takes too long. */
  readonly plain: ReactNode;
}

/** Markdown without HTML: tags in it are text. */
export default function Markdown({ text, plain }: MarkdownProps) {
  const read = useMarkdownTree(text);
  switch (read.kind) {
    case "reading":
      return plain;
    case "given up":
      return (
        <>
          <p className="quiet">This takes too long to show as Markdown, so here is the plain text.</p>
          {plain}
        </>
      );
    case "read":
      return (
        <div className="markdown">
          {toJsxRuntime(read.tree, { Fragment, jsx, jsxs, components: COMPONENTS, ignoreInvalidStyle: true })}
        </div>
      );
  }
}
