import type { TaskView } from "holdfast";
import { useState } from "react";
import { explain } from "../app/advice.ts";
import { wishFocus } from "../app/focus-wish.ts";
import { currentRoute, goTo } from "../app/route.ts";
import { callDraft } from "../call/drafts.ts";
import { useServers, useWorkspace } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { useHistory } from "../history/history-context.ts";
import { useWholeView } from "./use-whole-view.ts";

/** Calls the same tool with the same arguments, or opens its form with them. */
export function CallAgain({ task }: { readonly task: TaskView }) {
  const { client } = useWorkspace();
  const history = useHistory();
  const { view } = useWholeView(task);
  const [isCalling, setCalling] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isKnown = useServers().some(({ name }) => name === task.endpoint);
  const isWhole = view.omitted?.includes("arguments") !== true;
  const { endpoint, tool, arguments: args } = view;
  const again = (): void => {
    setCalling(true);
    setProblem(undefined);
    const from = currentRoute();
    client
      .callTool(endpoint, tool, args, { prefer: view.asTask ? "task" : "plain" })
      .then(
        (called) => {
          const definition = history.read(task.id).tool;
          if (definition) history.keepTool(called.id, definition);
          // A person who has gone elsewhere meanwhile stays there.
          if (currentRoute() !== from) return;
          wishFocus("task", called.id);
          goTo("tasks", called.id);
        },
        (error: unknown) => setProblem(explain(error)),
      )
      .finally(() => setCalling(false));
  };
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
