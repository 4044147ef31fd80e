import type { StartCall } from "./task-group-rpc.ts";

/**
 * Starts the calls that an earlier version held in a table of its own until their server could be reached. The engine
 * holds queued calls itself. Starting one twice starts it once.
 */
export async function startLateCalls(
  sql: SqlStorage,
  start: (call: StartCall) => Promise<unknown>,
): Promise<void> {
  const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'late_call'");
  if (tables.toArray().length === 0) return;
  for (const { call } of sql.exec<{ call: string }>("SELECT call FROM late_call").toArray())
    await start(JSON.parse(call) as StartCall);
  sql.exec("DROP TABLE late_call");
}
