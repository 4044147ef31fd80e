import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createTaskSessionFromClient, resultFromTaskOutcome } from "@modelcontextprotocol/ext-tasks/client";

/** The same page, of either kind of store bereft: the reference of a task is kept in `localStorage` by hand. */
const client = new Client({ name: "page", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href)));
const session = createTaskSessionFromClient<void>(client, { endpointId: "papers" as never });

const kept = localStorage.getItem("task");
if (kept) {
  const execution = await session.resumeTask(JSON.parse(kept));
  console.log(resultFromTaskOutcome((await execution.settle()).outcome));
}
document.addEventListener("click", async () => {
  const execution = await session.callTool("acquire_paper");
  if (execution.kind === "task") localStorage.setItem("task", JSON.stringify(execution.serializeReference()));
  console.log(resultFromTaskOutcome((await execution.settle()).outcome));
});
