import type { TaskView } from "holdfast";
import { useState } from "react";
import { goTo } from "../app/route.ts";
import { callDraft } from "../call/drafts.ts";
import { useCallTool } from "../call/use-call-tool.ts";
import { useServers } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { useHistory } from "../history/history-context.ts";
import { useWholeView } from "./use-whole-view.ts";

/** Calls the same tool with the same arguments, or opens its form with them. */
export function CallAgain({ task }: { readonly task: TaskView }) {
  const history = useHistory();
  const { view } = useWholeView(task);
  const [problem, setProblem] = useState<string>();
  const { callTool, isCalling } = useCallTool(setProblem);
  const isKnown = useServers().some(({ name }) => name === task.endpoint);
  const isWhole = view.omitted?.includes("arguments") !== true;
  const { endpoint, tool, arguments: args } = view;
  const again = (): void =>
    callTool(endpoint, tool, args, { prefer: view.asTask ? "task" : "plain" }, history.read(task.id).tool);
  const edit = (): void => {
    callDraft(endpoint, tool, args);
    goTo("call", endpoint, tool);
  };
  // The tasks of a server that was removed are still listed.
  if (!isKnown) return null;
  return (
    <>
      <Button size="small" variant="default" disabled={isCalling || !isWhole} onClick={again}>
        Call again
      </Button>
      <Button size="small" variant="default" disabled={!isWhole} onClick={edit}>
        Edit and call
      </Button>
      {problem !== undefined && <span role="alert">{problem}</span>}
    </>
  );
}
