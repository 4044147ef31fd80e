import type { ContentBlock, Task, ToolResult } from "holdfast";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { explain } from "../app/advice.ts";
import { inFileName } from "../app/save-file.ts";
import { ToolApp } from "../apps/tool-app.tsx";
import { useTaskIds } from "../clients/hooks.ts";
import { useServer, useWorkspace } from "../clients/workspace-context.ts";
import { isComparable } from "../comparison/comparable.ts";
import { useStory } from "../history/history-context.ts";
import { ContentView } from "./content-view.tsx";
import { CopyButton } from "./copy-button.tsx";
import { DownloadButton } from "./download-button.tsx";
import { jsonIn } from "./json-in.ts";
import { jsonText } from "./json-text.ts";
import { JsonView } from "./json-view.tsx";
import { ResultSourceContext } from "./result-source.ts";
import { SchemaVerdict } from "./schema-verdict.tsx";
import "./result.css";

const Comparison = lazy(() => import("../comparison/comparison.tsx"));

type Fetched = { readonly result: ToolResult } | { readonly problem: string } | undefined;

export interface ResultViewProps {
  readonly task: Task;
  /** What a failed task gave all the same. */
  readonly given?: ToolResult;
}

/** What a task gave, each part by its kind. */
export function ResultView({ task, given }: ResultViewProps) {
  const fetched = useResult(task, given);
  const { endpoint, tool } = task.view;
  const { readResource } = useWorkspace();
  const server = useServer(endpoint);
  const hasOthers = useTaskIds({ where: (other) => isComparable(task.view, other) }).length > 0;
  const source = useMemo(
    () =>
      // The tasks of a server that was removed are still listed.
      server && readResource && { server: server.title, read: (uri: string) => readResource(endpoint, uri) },
    [server, readResource, endpoint],
  );
  return (
    <section aria-labelledby="result-title" className="result">
      <div className="section-heading">
        <h3 id="result-title">Result</h3>
        {fetched && "result" in fetched && (
          <>
            <CopyButton what="the result" text={() => textOf(fetched.result)} />
            <DownloadButton
              what="the result"
              fileName={`${inFileName(tool)}-${task.id.slice(0, 8)}.json`}
              blob={() => new Blob([jsonText(fetched.result)], { type: "application/json" })}
            />
          </>
        )}
      </div>
      {fetched === undefined && <p className="quiet result-place">Fetching the result…</p>}
      {fetched && "problem" in fetched && <p role="alert">{fetched.problem}</p>}
      {fetched && "result" in fetched && (
        <ResultSourceContext value={source}>
          <ToolApp task={task} result={fetched.result} />
          <Parts task={task} result={fetched.result} />
          {hasOthers && !given && (
            <Suspense fallback={<div className="comparison-coming" />}>
              <Comparison task={task} result={fetched.result} />
            </Suspense>
          )}
        </ResultSourceContext>
      )}
    </section>
  );
}

function Parts({ task, result }: { readonly task: Task; readonly result: ToolResult }) {
  const { content, structuredContent } = result;
  const { tool } = useStory(task.id);
  const schema = tool?.outputSchema;
  const repeated = useMemo(
    () =>
      new Set(
        structuredContent === undefined ? [] : content.filter((block) => repeats(block, structuredContent)),
      ),
    [content, structuredContent],
  );
  return (
    <>
      {content.length === 0 && structuredContent === undefined && (
        <p className="quiet">The tool returned nothing.</p>
      )}
      {content.map((block, index) =>
        repeated.has(block) ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a result never changes.
          <ContentView key={index} block={block} />
        ),
      )}
      {structuredContent !== undefined && (
        <div className="structured">
          <h4>Structured content</h4>
          {schema !== undefined && !result.isError && (
            <SchemaVerdict schema={schema} value={structuredContent} />
          )}
          <JsonView value={structuredContent} label="Structured content" />
          {repeated.size > 0 && <p className="quiet">The tool returned the same as text, too.</p>}
        </div>
      )}
    </>
  );
}

/** Whether a text is nothing but the structured content as JSON, as servers send it for older clients (tools, "Structured Content"). */
function repeats({ type, text }: ContentBlock, structured: unknown): boolean {
  if (type !== "text" || typeof text !== "string") return false;
  const read = jsonIn(text);
  return read !== undefined && jsonText(read) === jsonText(structured);
}

function useResult(task: Task, given: ToolResult | undefined): Fetched {
  const [fetched, setFetched] = useState<Fetched>(() => {
    const known = given ?? atHand(task);
    return known && { result: known };
  });
  useEffect(() => {
    if (given || atHand(task)) return;
    let current = true;
    task.result().then(
      (result) => current && setFetched({ result }),
      (error: unknown) => current && setFetched({ problem: explain(error) }),
    );
    return () => {
      current = false;
    };
  }, [task, given]);
  return fetched;
}

/** A long result is stored apart, and fetched; any other is there with its task. */
function atHand({ view: { outcome } }: Task): ToolResult | undefined {
  return outcome?.kind === "completed" && !outcome.apart ? outcome.result : undefined;
}

/** Texts as they are; anything else as JSON. */
function textOf(result: ToolResult): string {
  const { content, structuredContent } = result;
  if (structuredContent !== undefined) return jsonText(structuredContent);
  if (content.every(({ type, text }) => type === "text" && typeof text === "string"))
    return content.map(({ text }) => text).join("\n\n");
  return jsonText(result);
}
