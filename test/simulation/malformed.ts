import type { Message } from "./exchange.ts";
import type { Random } from "./random.ts";

/** A response that breaks the protocol, however one reads it. */
export function malformedReply(random: Random, id: Message["id"]): unknown {
  const result = random.pick<unknown>([
    null,
    "working",
    7,
    [],
    { resultType: "someday" },
    { taskId: {}, status: "working" },
    { taskId: "", status: "working" },
    { taskId: "another-task", status: "sleeping" },
    { task: { status: "sleeping" } },
    { task: null },
    { resultType: "task", status: "sleeping" },
    { resultType: "input_required" },
  ]);
  return { jsonrpc: "2.0", id, result };
}
