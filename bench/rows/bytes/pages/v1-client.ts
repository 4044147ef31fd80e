import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";

/** The same page: the task's id is kept in `localStorage` by hand, and polled on by hand. */
const client = new Client({ name: "page", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href)) as never);
const { tasks } = client.experimental;

const kept = localStorage.getItem("task");
if (kept) {
  for (;;) {
    const { status, pollInterval } = await tasks.getTask(kept);
    if (status !== "working") break;
    await new Promise((resolve) => setTimeout(resolve, pollInterval ?? 1_000));
  }
  console.log(await tasks.getTaskResult(kept, CallToolResultSchema));
}
document.addEventListener("click", async () => {
  for await (const message of tasks.callToolStream({ name: "acquire_paper" }, CallToolResultSchema, {
    task: {},
  })) {
    if (message.type === "taskCreated") localStorage.setItem("task", message.task.taskId);
    if (message.type === "result") console.log(message.result);
  }
});
