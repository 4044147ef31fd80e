import type { TaskView } from "holdfast";
import { CopyButton } from "../result/copy-button.tsx";
import { jsonText } from "../result/json-text.ts";
import { JsonTree } from "../result/json-tree.tsx";
import { useWholeView } from "./use-whole-view.ts";

/** What was asked of the server. Lists leave long arguments out: they are fetched with the task itself. */
export function RequestView({ task }: { readonly task: TaskView }) {
  const { view, problem } = useWholeView(task);
  const lacks = view.omitted?.includes("arguments") === true;
  return (
    <section aria-labelledby="request-title">
      <div className="section-heading">
        <h3 id="request-title">Request</h3>
        {!lacks && <CopyButton what="the arguments" text={() => jsonText(view.arguments)} />}
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
