import ReactMarkdown, { type Components } from "react-markdown";
import { SafeLink } from "./safe-link.tsx";

const COMPONENTS: Components = {
  a: ({ href, children }) => <SafeLink to={href}>{children}</SafeLink>,
  // An image from elsewhere would tell its server who reads this.
  img: ({ src, alt }) => <SafeLink to={src}>{alt || String(src)}</SafeLink>,
  // The page has headings of its own above these.
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h5>{children}</h5>,
  h3: ({ children }) => <h6>{children}</h6>,
};

/** Markdown without HTML: tags in it are text. */
export default function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown components={COMPONENTS}>{text}</ReactMarkdown>
    </div>
  );
}
