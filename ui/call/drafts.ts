import type { JsonObject, TaskPreference } from "holdfast";
import { Followed } from "../app/followed.ts";

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

/** Raised when a form is to be opened with other arguments than it shows. */
export const draftsGiven = new Followed(0);

const drafts = new Map<string, Draft>();
const key = (server: string, tool: string): string => JSON.stringify([server, tool]);

/** @param last What the tool was called with last, if it was. */
export function draftOf(server: string, tool: string, last: JsonObject | undefined): Draft {
  return drafts.get(key(server, tool)) ?? draftWith(last ?? EXAMPLES[tool]);
}

/** Has the form of a tool opened with these arguments. */
export function callDraft(server: string, tool: string, args: JsonObject): void {
  drafts.set(key(server, tool), draftWith(args));
  draftsGiven.set(draftsGiven.get() + 1);
}

function draftWith(value: JsonObject | undefined): Draft {
  return { mode: "form", value, text: JSON.stringify(value ?? {}, undefined, 2), prefer: "task" };
}

export function keepDraft(server: string, tool: string, draft: Draft): void {
  drafts.set(key(server, tool), draft);
}
