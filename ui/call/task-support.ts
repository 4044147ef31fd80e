import type { ListedTool, Session } from "holdfast";
import { TASKS_EXTENSION } from "../../src/protocol/meta-keys.ts";

export interface Support {
  readonly word: string;
  readonly detail: string;
  /** Whether the caller may choose. */
  readonly choice: boolean;
}

/** How a tool takes part in tasks. Of a server the worker calls, the generation is not known here. */
export function supportOf({ facts }: ListedTool, session: Session | undefined): Support {
  const generation = session?.generation;
  if (session && !hasTasks(session))
    return {
      word: "never a task",
      detail: "The server does not support tasks: it answers at once",
      choice: false,
    };
  if (generation === "2026-07-28")
    return {
      word: "server decides",
      detail: "The server makes the call a task if it takes long",
      choice: false,
    };
  switch (facts.taskSupport) {
    case "required":
      return { word: "always a task", detail: "The tool runs as a task only", choice: false };
    case "optional":
      return { word: "task or plain", detail: "Run it as a task, or wait for it plainly", choice: true };
    case "forbidden":
      return generation === undefined
        ? { word: "server decides", detail: "The worker calls it as its server allows", choice: false }
        : { word: "never a task", detail: "The tool answers at once", choice: false };
  }
}

/** Without this capability of the server, what a tool says of tasks counts for nothing. */
function hasTasks({ generation, serverCapabilities }: Session): boolean {
  const path =
    generation === "2026-07-28" ? ["extensions", TASKS_EXTENSION] : ["tasks", "requests", "tools", "call"];
  let found: unknown = serverCapabilities;
  for (const step of path) found = (Object(found) as { readonly [name: string]: unknown })[step];
  return typeof found === "object" && found !== null;
}
