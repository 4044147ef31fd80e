import type { JsonObject, TaskPreference } from "holdfast";

/** A call that is being written: it is still there when its author comes back to it. */
export interface Draft {
  readonly mode: "form" | "json";
  readonly value: unknown;
  readonly text: string;
  readonly prefer: TaskPreference;
}

/** What the samples are called with, so that there is something to see at once. */
const EXAMPLES: Readonly<Record<string, JsonObject>> = {
  acquire_paper: { doi: "10.1038/s41586-020-2649-2", mode: "success" },
  lookup_doi: { doi: "10.1038/s41586-020-2649-2" },
  "simulate-research-query": { topic: "python" },
};

const drafts = new Map<string, Draft>();
const key = (server: string, tool: string): string => JSON.stringify([server, tool]);

export function draftOf(server: string, tool: string): Draft {
  const known = drafts.get(key(server, tool));
  if (known) return known;
  const example = EXAMPLES[tool];
  return {
    mode: "form",
    value: example,
    text: JSON.stringify(example ?? {}, undefined, 2),
    prefer: "task",
  };
}

export function keepDraft(server: string, tool: string, draft: Draft): void {
  drafts.set(key(server, tool), draft);
}
