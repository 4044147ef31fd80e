import type { TaskView } from "holdfast";
import { CopyButton } from "../result/copy-button.tsx";
import { jsonText } from "../result/json-text.ts";
import { JsonTree } from "../result/json-tree.tsx";

/** What was asked of the server. */
export function RequestView({ task }: { readonly task: TaskView }) {
  return (
    <section aria-labelledby="request-title">
      <div className="section-heading">
        <h3 id="request-title">Request</h3>
        <CopyButton what="the arguments" text={() => jsonText(task.arguments)} />
      </div>
      <JsonTree value={task.arguments} label="Arguments" />
    </section>
  );
}
