import type { JsonObject } from "holdfast";
import { followStored } from "../app/follow-stored.ts";
import { isRecord } from "../app/is-record.ts";

/** What is taken from a page. */
export const WHATS = ["selection", "address", "doi"] as const;
export type What = (typeof WHATS)[number];

export const WHAT_WORDS: Readonly<Record<What, string>> = {
  selection: "The selected text",
  address: "The page's address",
  doi: "The page's DOI",
};

/** An entry of the context menu: what is taken from the page, and the tool it is sent to. */
export interface Target {
  readonly id: string;
  readonly title: string;
  readonly what: What;
  /** The server's address. */
  readonly endpoint: string;
  readonly tool: string;
  /** The name of the tool's argument that it becomes. */
  readonly argument: string;
  /** The tool's other arguments, the same every time. */
  readonly others: JsonObject;
}

const KEY = "targets";

export async function targets(): Promise<readonly Target[]> {
  const { [KEY]: stored } = await chrome.storage.local.get(KEY);
  return Array.isArray(stored) ? stored.filter(isTarget) : [];
}

export async function putTarget(target: Target): Promise<void> {
  const others = (await targets()).filter(({ id }) => id !== target.id);
  await chrome.storage.local.set({ [KEY]: [...others, target] });
}

export async function removeTarget(id: string): Promise<void> {
  await chrome.storage.local.set({ [KEY]: (await targets()).filter((target) => target.id !== id) });
}

/** Calls back with the targets whenever they change. The function returned ends it. */
export function followTargets(listener: (all: readonly Target[]) => void): () => void {
  return followStored(KEY, () => void targets().then(listener));
}

function isTarget(stored: unknown): stored is Target {
  if (!isRecord(stored) || !isRecord(stored.others)) return false;
  const { id, title, what, endpoint, tool, argument } = stored;
  return (
    [id, title, endpoint, tool, argument].every((part) => typeof part === "string") &&
    WHATS.some((known) => known === what)
  );
}
