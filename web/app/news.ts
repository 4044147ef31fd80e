import type { InputRequest, TaskClientApi, TaskView } from "holdfast";

export interface NewsListener {
  /** A question that was not open before. */
  readonly asked?: (view: TaskView, request: InputRequest) => void;
  /** A task that was seen to run has ended. */
  readonly ended: (view: TaskView) => void;
}

/** Calls back about what tasks ask and how they end. Returns what stops that. */
export function followNews(client: TaskClientApi, { asked, ended }: NewsListener): () => void {
  /** The questions of each task that was seen to run. An end before that does not count. */
  const running = new Map<string, ReadonlySet<string>>();
  return client.subscribe(
    ({ id, view }) => {
      const before = running.get(id);
      if (view.outcome) {
        if (running.delete(id)) ended(view);
        return;
      }
      running.set(id, new Set(view.inputRequests.map(({ key }) => key)));
      for (const request of view.inputRequests) if (!before?.has(request.key)) asked?.(view, request);
    },
    (id) => running.delete(id),
  );
}
