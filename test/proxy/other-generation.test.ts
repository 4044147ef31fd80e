import {
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import { connected, DataFolder, EVERYTHING, holdfast } from "./proxied-client.ts";
import { RawAgent } from "./raw-agent.ts";

const folder = new DataFolder();
afterAll(() => folder.remove());

test("An agent of 2025-11-25 in front of a server of 2026-07-28: questions, subscriptions and lists come through", async () => {
  const updated: string[] = [];
  let changes = 0;
  const { client } = await connected(
    holdfast("--", process.execPath, `${ROOT}test/proxy/modern-server.mjs`),
    folder,
    {
      capabilities: { elicitation: { form: {} } },
      prepare: (agent) => {
        agent.setRequestHandler(ElicitRequestSchema, () => ({
          action: "accept",
          content: { which: "kelp" },
        }));
        agent.setNotificationHandler(
          ResourceUpdatedNotificationSchema,
          ({ params }) => void updated.push(params.uri),
        );
        agent.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
      },
    },
  );
  expect(client.getInstructions()).toBe("Ask.");
  expect((await client.callTool({ name: "ask", arguments: {} })).content).toEqual([
    { type: "text", text: "tool of kelp" },
  ]);
  const { messages } = await client.getPrompt({ name: "ask" });
  expect(messages).toEqual([{ role: "user", content: { type: "text", text: "prompt of kelp" } }]);
  await client.subscribeResource({ uri: "file:///a" });
  // The server opens the stream when it can: it is touched until it has.
  await expect
    .poll(async () => {
      await client.callTool({ name: "touch", arguments: {} });
      return [updated.includes("file:///a"), changes > 0];
    })
    .toEqual([true, true]);
  await client.close();
});

test("An agent of 2026-07-28 in front of a server of 2025-11-25: it is notified of the resources it listens for", async () => {
  const agent = await RawAgent.start(holdfast("--", ...EVERYTHING), folder, {});
  const uri = "demo://resource/dynamic/text/1";
  const id = agent.send("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } });
  await agent.received((method) => method === "notifications/subscriptions/acknowledged");
  await agent.request("tools/call", { name: "toggle-subscriber-updates", arguments: {} });
  const params = await agent.received((method) => method === "notifications/resources/updated");
  expect(params).toEqual({ uri, _meta: { "io.modelcontextprotocol/subscriptionId": id } });
  agent.close();
});
