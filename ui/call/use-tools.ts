import type { ListedTool } from "holdfast";
import { useCallback, useEffect, useState } from "react";
import { explain } from "../app/advice.ts";
import { useWorkspace } from "../clients/workspace-context.ts";
import { dropTools, toolsOf } from "./tool-lists.ts";

export type Tools =
  | { readonly status: "asking" }
  | { readonly status: "known"; readonly of: string; readonly tools: readonly ListedTool[] }
  | { readonly status: "failed"; readonly problem: string };

/** The tools of a server, and a way to ask for them anew. */
export function useTools(endpoint: string | undefined): Tools & { readonly again: () => void } {
  const { client, reachable } = useWorkspace();
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<{ readonly of: string; readonly tools: Tools }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks the same again.
  useEffect(() => {
    if (endpoint === undefined) return;
    let current = true;
    const say = (tools: Tools): void => {
      // A list that comes late is not shown over a newer choice.
      if (current) setFound({ of: endpoint, tools });
    };
    const asked = reachable(endpoint).then(() => toolsOf(client, endpoint));
    asked.then(
      (tools) => say({ status: "known", of: endpoint, tools }),
      (error: unknown) => say({ status: "failed", problem: explain(error) }),
    );
    return () => {
      current = false;
    };
  }, [client, reachable, endpoint, attempt]);
  const again = useCallback(() => {
    if (endpoint !== undefined) dropTools(endpoint);
    setFound(undefined);
    setAttempt((count) => count + 1);
  }, [endpoint]);
  const tools: Tools = found && found.of === endpoint ? found.tools : { status: "asking" };
  return { ...tools, again };
}
