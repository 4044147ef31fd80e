import type { TaskClientApi, TaskView } from "holdfast";
import { observeTaskListing, observeTasks } from "holdfast/observe";

/** Resolves with all tasks once the page has listed them for its views: thousands are read from the store once. Empty if that fails. */
export function listedViews(client: TaskClientApi): Promise<readonly TaskView[]> {
  return new Promise((resolve) => {
    const stop = observeTaskListing(client).subscribe(({ status }) => {
      if (status === "loading") return;
      // The listener may be called before `stop` is there.
      queueMicrotask(() => stop());
      resolve(observeTasks(client).get());
    });
  });
}
