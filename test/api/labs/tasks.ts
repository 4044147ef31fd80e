import { fromUrl } from "holdfast/http";
import { memoryStore } from "holdfast/memory";
import { scriptedServer, testPage } from "holdfast/testing";

/** What the examples of docstrings take for granted: a server, a client, a task of it. No network. */
export const server = scriptedServer();
server.tool("acquire_paper", { taskSupport: "forbidden", script: () => "Acquired" });
server.tool("convert", async (task) => {
  await task.wait(3_600_000);
});
export const page = testPage({ papers: server });
export const { tasks, store } = page;
export const client = page.tasks;
export const endpoints = { papers: server.connector() };
export const doi = "10.1000/1";
export const task = await tasks.callTool("papers", "convert", { doi });
export const { id } = task;
export const { signal } = new AbortController();
export const session = { token: "token-of-a-reader" };
export const text = "{}";
export { fromUrl, memoryStore };

/** In place of the network: what the worker would answer. */
globalThis.fetch = async (input, init) => {
  const { pathname } = new URL(String(input instanceof Request ? input.url : input));
  if (pathname === "/v1/push-key") return Response.json({ key: "BCVxsr7N_eNgVRqvHtD0zTZsEc6" });
  if (pathname === "/v1/push-subscriptions")
    return init?.method === "POST"
      ? Response.json({ id: "1", service: "push.example", createdAt: 1, details: false }, { status: 201 })
      : Response.json({ subscriptions: [] });
  return new Response("event: task\ndata: {}\n\n", { headers: { "content-type": "text/event-stream" } });
};
