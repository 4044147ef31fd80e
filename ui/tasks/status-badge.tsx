import type { Standing } from "./task-words.ts";

/** How a task stands: by word first, and by colour. */
export function StatusBadge({ standing }: { readonly standing: Standing }) {
  return (
    <span className="status" data-status={standing}>
      {standing.replace("_", " ")}
    </span>
  );
}
