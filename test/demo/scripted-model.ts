import type { ToolResult } from "../../src/index.ts";
import type { JsonObject } from "../../src/protocol/json.ts";

/** What a model does in one turn: it says something, then calls a tool, works for a while, or ends. */
export type Turn =
  | { readonly says: string; readonly calls: string; readonly with: JsonObject }
  | { readonly says: string; readonly worksMs: number }
  | { readonly says: string };

/** What a model has seen: the results of its calls, the latest last. */
export interface Seen {
  readonly tool: string;
  readonly result: ToolResult;
}

const WORK_MS = 20_000;

/**
 * Plays a model that wants a paper and does not sit and wait for it: it does other work once it has the
 * handle, then checks until the paper is there. It acts by what the results say, and nothing else.
 */
export function* scriptedModel(doi: string): Generator<Turn, void, Seen | undefined> {
  const started = yield { says: `I need the paper ${doi}.`, calls: "acquire_paper", with: { doi } };
  let latest = started;
  const task = taskIn(started);
  if (task !== undefined) {
    const other = "10.1000/182";
    yield {
      says: "That takes a while. I look up another title.",
      calls: "lookup_title",
      with: { doi: other },
    };
    yield { says: "I write the introduction meanwhile.", worksMs: WORK_MS };
    while (taskIn(latest) !== undefined) {
      latest = yield { says: "Is the paper there?", calls: "check_task", with: { task } };
    }
  }
  const { title, pages } = (latest?.result.structuredContent ?? {}) as JsonObject;
  yield { says: `I have it: "${title}", ${pages} pages. I cite it.` };
}

/** The task a running result is about. */
function taskIn(seen: Seen | undefined): string | undefined {
  const { status, task } = (seen?.result.structuredContent ?? {}) as JsonObject;
  return status === "working" && typeof task === "string" ? task : undefined;
}
