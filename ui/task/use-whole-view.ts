import type { TaskView } from "holdfast";
import { useEffect, useState } from "react";
import { explain } from "../app/advice.ts";
import { useWorkspace } from "../clients/workspace-context.ts";

interface Fetched {
  readonly whole?: TaskView;
  /** Why the rest could not be fetched. */
  readonly problem?: string;
}

/** A view with the parts that a list left out (`omitted`), once they are fetched. */
export function useWholeView(view: TaskView): { readonly view: TaskView; readonly problem?: string } {
  const { client } = useWorkspace();
  const [fetched, setFetched] = useState<Fetched>({});
  const { id, rev } = view;
  const lacks = view.omitted !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is left out is another one with each `rev`.
  useEffect(() => {
    if (!lacks) return;
    let wanted = true;
    const show = (next: Fetched): void => {
      if (wanted) setFetched(next);
    };
    client.get(id).then(
      (task) => show(task ? { whole: task.view } : { problem: "the task is no longer kept" }),
      (error: unknown) => show({ problem: explain(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [client, id, rev, lacks]);
  const { whole, problem } = fetched;
  if (!lacks) return { view };
  return { view: whole?.id === id ? whole : view, ...(problem !== undefined && { problem }) };
}
