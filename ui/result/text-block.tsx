import { lazy, Suspense, useMemo, useState } from "react";
import { Segments } from "../controls/choice.tsx";
import { jsonIn } from "./json-in.ts";
import { JsonView } from "./json-view.tsx";

const Markdown = lazy(() => import("./markdown.tsx"));

/** More than this is not laid out at once, and never read as Markdown. */
const FIRST_PART = 20_000;
const NEXT_PART = 200_000;
const LONGEST_MARKDOWN = 100_000;
const SHORT_JSON = 200;

const LOOKS_LIKE_MARKDOWN =
  /^#{1,6} \S|^(?:[-*] |\d+\. )\S|^```|\*\*\S.*\*\*|\[[^\]\n]+\]\([^)\n]+\)|^\|.+\|$/m;

export interface TextBlockProps {
  readonly text: string;
  /** What the server calls it, if it says. */
  readonly mimeType?: string;
}

/** Text as it is, or as the JSON or the Markdown it seems to be. */
export function TextBlock({ text, mimeType }: TextBlockProps) {
  // A short line of JSON is read as it is.
  const json = useMemo(() => (text.length > SHORT_JSON ? jsonIn(text) : undefined), [text]);
  if (json !== undefined) return <JsonView value={json} label="the text" plain={<PlainText text={text} />} />;
  return <Prose text={text} {...(mimeType !== undefined && { mimeType })} />;
}

function Prose({ text, mimeType }: TextBlockProps) {
  const mayBeMarkdown =
    text.length <= LONGEST_MARKDOWN && (mimeType === "text/markdown" || LOOKS_LIKE_MARKDOWN.test(text));
  const [mode, setMode] = useState("markdown");
  if (!mayBeMarkdown) return <PlainText text={text} />;
  return (
    <div className="text-block">
      <Segments
        aria-label="Show the text as"
        value={mode}
        onChange={setMode}
        data={[
          { value: "markdown", label: "Markdown" },
          { value: "plain", label: "Plain" },
        ]}
      />
      {mode === "plain" ? (
        <PlainText text={text} />
      ) : (
        <Suspense fallback={<PlainText text={text} />}>
          <Markdown text={text} plain={<PlainText text={text} />} />
        </Suspense>
      )}
    </div>
  );
}

function PlainText({ text }: { readonly text: string }) {
  const [length, setLength] = useState(FIRST_PART);
  return (
    <>
      <pre className="plain-text">
        <bdi>{text.slice(0, length)}</bdi>
      </pre>
      {text.length > length && (
        <button type="button" className="json-more" onClick={() => setLength(length + NEXT_PART)}>
          {(text.length - length).toLocaleString("en")} characters more…
        </button>
      )}
    </>
  );
}
