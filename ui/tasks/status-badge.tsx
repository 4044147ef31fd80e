import type { ShownStatus } from "./task-words.ts";

/** How a task stands: by word first, and by colour. */
export function StatusBadge({ status }: { readonly status: ShownStatus }) {
  return (
    <span className="status" data-status={status}>
      {status.replace("_", " ")}
    </span>
  );
}
