import type { TaskView } from "holdfast";
import { useServer } from "../clients/workspace-context.ts";
import { CopyButton } from "../result/copy-button.tsx";
import { jsonText } from "../result/json-text.ts";
import { JsonTree } from "../result/json-tree.tsx";
import { codeOf, curlOf } from "./call-code.ts";
import { useWholeView } from "./use-whole-view.ts";

/** What was asked of the server. Lists leave long arguments out: they are fetched with the task itself. */
export function RequestView({ task }: { readonly task: TaskView }) {
  const { view, problem } = useWholeView(task);
  const server = useServer(task.endpoint);
  const lacks = view.omitted?.includes("arguments") === true;
  return (
    <section aria-labelledby="request-title">
      <div className="section-heading">
        <h3 id="request-title">Request</h3>
        {!lacks && <CopyButton what="the arguments" text={() => jsonText(view.arguments)} />}
        <CopyButton what="the id" word="Copy id" text={() => view.id} />
        {!lacks && server?.mode === "edge" && (
          <CopyButton what="the call as curl" word="curl" text={() => curlOf(view, location.origin)} />
        )}
        {!lacks && server && (
          <CopyButton
            what="the call as code"
            word="Code"
            text={() => codeOf(view, server, location.origin)}
          />
        )}
      </div>
      {lacks ? (
        <p className="quiet" role={problem === undefined ? "status" : "alert"}>
          {problem === undefined
            ? "The arguments are long. Fetching them…"
            : `The arguments are long, and could not be fetched: ${problem}`}
        </p>
      ) : (
        <JsonTree value={view.arguments} label="Arguments" />
      )}
    </section>
  );
}
