import type { CallOptions, JsonObject } from "holdfast";
import { useState } from "react";
import { explain } from "../app/advice.ts";
import { wishFocus } from "../app/focus-wish.ts";
import { currentRoute, goTo } from "../app/route.ts";
import { useWorkspace } from "../clients/workspace-context.ts";
import { useHistory } from "../history/history-context.ts";

export interface CallTool {
  /** @param definition Of the tool, if it is known: its result is checked against it. */
  readonly callTool: (
    server: string,
    tool: string,
    args: JsonObject,
    options?: CallOptions,
    definition?: JsonObject,
  ) => void;
  readonly isCalling: boolean;
}

/** Calls a tool and opens its task. A person who has gone elsewhere meanwhile stays there. */
export function useCallTool(showProblem: (problem: string | undefined) => void): CallTool {
  const { client } = useWorkspace();
  const history = useHistory();
  const [isCalling, setCalling] = useState(false);
  const callTool: CallTool["callTool"] = (server, tool, args, options = {}, definition = undefined) => {
    setCalling(true);
    showProblem(undefined);
    const from = currentRoute();
    client
      .callTool(server, tool, args, options)
      .then(
        (task) => {
          if (definition) history.keepTool(task.id, definition);
          if (currentRoute() !== from) return;
          wishFocus("task", task.id);
          goTo("tasks", task.id);
        },
        (error: unknown) => showProblem(explain(error)),
      )
      .finally(() => setCalling(false));
  };
  return { callTool, isCalling };
}
