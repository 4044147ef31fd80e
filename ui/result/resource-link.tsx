import type { ContentBlock } from "holdfast";
import { useContext, useState } from "react";
import { explain } from "../app/advice.ts";
import { Button } from "../controls/button.tsx";
import { EmbeddedResource } from "./embedded-resource.tsx";
import { sizeText } from "./media.ts";
import { ResultSourceContext } from "./result-source.ts";
import { SafeLink } from "./safe-link.tsx";

/** More of a resource is not shown: in UTF-16 code units of its texts and of the base64 of its bytes, and in parts. */
const LONGEST = 14_000_000;
const MOST_PARTS = 50;

type Loaded =
  | { readonly kind: "loading" }
  | { readonly kind: "loaded"; readonly parts: readonly unknown[]; readonly left: number }
  | { readonly kind: "failed"; readonly problem: string };

/** A resource that a tool refers to. Nothing is asked of the server before the person wants to see it. */
export function ResourceLink({ block }: { readonly block: ContentBlock }) {
  const { uri, title, name, description, mimeType, size } = block;
  const source = useContext(ResultSourceContext);
  const [loaded, setLoaded] = useState<Loaded>();
  const word = String(title ?? name ?? uri);
  const load = (): void => {
    if (!source || typeof uri !== "string") return;
    setLoaded({ kind: "loading" });
    source.read(uri).then(
      (reply) => setLoaded(partsOf(reply)),
      (error: unknown) => setLoaded({ kind: "failed", problem: explain(error) }),
    );
  };
  return (
    <div className="resource">
      <strong>
        <SafeLink to={uri}>
          <bdi>{word}</bdi>
        </SafeLink>
      </strong>
      <span className="quiet mono">
        <bdi>{String(uri)}</bdi>
      </span>
      {typeof description === "string" && <bdi>{description}</bdi>}
      <span className="quiet">
        {[mimeType, typeof size === "number" ? sizeText(size) : undefined]
          .filter((part) => typeof part === "string")
          .join(", ")}
      </span>
      {source && typeof uri === "string" && loaded?.kind !== "loaded" && (
        <span>
          <Button
            size="compact"
            variant="default"
            disabled={loaded?.kind === "loading"}
            aria-label={`Load ${word}`}
            title={`Ask ${source.server} for it`}
            onClick={load}
          >
            {loaded?.kind === "loading" ? "Loading…" : "Load"}
          </Button>
        </span>
      )}
      {loaded?.kind === "failed" && <p role="alert">{loaded.problem}</p>}
      {loaded?.kind === "loaded" && (
        <section className="loaded-resource" aria-label={`The contents of ${word}`}>
          {loaded.parts.length === 0 && <p className="quiet">The server returned no contents.</p>}
          {loaded.parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what was loaded does not change.
            <EmbeddedResource key={index} resource={part} />
          ))}
          {loaded.left > 0 && <p className="quiet">{loaded.left} more parts are not shown.</p>}
        </section>
      )}
    </div>
  );
}

function partsOf(reply: unknown): Loaded {
  const { contents } = Object(reply) as { readonly contents?: unknown };
  if (!Array.isArray(contents)) return { kind: "failed", problem: "The server's reply has no contents." };
  const parts: readonly unknown[] = contents.slice(0, MOST_PARTS);
  const length = parts.reduce((sum: number, part) => sum + lengthOf(part), 0);
  if (length > LONGEST)
    return { kind: "failed", problem: `It is too large to show here: ${sizeText(length)}.` };
  return { kind: "loaded", parts, left: contents.length - parts.length };
}

function lengthOf(part: unknown): number {
  const { text, blob } = Object(part) as { readonly text?: unknown; readonly blob?: unknown };
  return [text, blob].reduce((sum: number, data) => sum + (typeof data === "string" ? data.length : 0), 0);
}
