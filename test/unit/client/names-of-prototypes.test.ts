import { describe, expect, it } from "vitest";
import { agentTools } from "../../../src/agent/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { labOf } from "../../fixtures/client-lab.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty"];
const TEXT = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"plain":1}';
const args = (): JsonObject => JSON.parse(TEXT) as JsonObject;
const tools = NAMES.map((name) => ({
  name,
  inputSchema: { type: "object" },
  execution: { taskSupport: "optional" },
}));
const result = { content: [{ type: "text", text: "done" }] };

describe.each([
  ["2025-11-25", SESSION_2025],
  ["2026-07-28", SESSION_2026],
])("%s: names that every object has", (_generation, session) => {
  it.each(NAMES)("callTool() calls a tool called %s by what its server lists of it", async (name) => {
    const { client, server } = labOf(session, tools);
    const calling = client.callTool("lab", name, args());
    const arrival = await server.expect("tools/call");
    expect(arrival.params.name).toBe(name);
    expect("task" in arrival.params, "the tool offers tasks").toBe(session === SESSION_2025);
    await arrival.reply(result);
    expect((await calling).view.outcome).toMatchObject({ kind: "completed" });
    await client.close();
  });

  it.each(NAMES)(
    "callTool() takes nothing from Object.prototype for an unlisted tool called %s",
    async (name) => {
      const { client, server } = labOf(session, [{ name: "plain", inputSchema: { type: "object" } }]);
      for (const tool of ["plain", name]) {
        const { lists } = server;
        const calling = client.callTool("lab", tool);
        const arrival = await server.expect("tools/call");
        expect(server.lists, "a tool that the session does not know is looked up").toBe(lists + 1);
        await arrival.reply(result);
        await calling;
      }
      await client.close();
    },
  );

  it("callTool() keeps an argument called __proto__ as data, also in the store", async () => {
    const { client, server, store } = labOf(session, tools);
    const calling = client.callTool("lab", "toString", args());
    const arrival = await server.expect("tools/call");
    expect(JSON.stringify(arrival.params.arguments)).toBe(TEXT);
    const [stored] = await store.loadActive();
    const { call } = stored as unknown as { call: { arguments: JsonObject } };
    expect(JSON.stringify(call.arguments)).toBe(TEXT);
    expect(Object.getPrototypeOf(call.arguments)).toBe(Object.prototype);
    await arrival.reply(result);
    expect(JSON.stringify((await calling).view.arguments)).toBe(TEXT);
    await client.close();
  });

  it("an agent's tool passes an argument called __proto__ on as data", async () => {
    const { client, server } = labOf(session, tools);
    const offered = await agentTools(client);
    const tool = offered.find(({ name }) => name.includes("constructor"));
    const executing = tool?.execute(args());
    const arrival = await server.expect("tools/call");
    expect(JSON.stringify(arrival.params.arguments)).toBe(TEXT);
    await arrival.reply(result);
    await executing;
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await client.close();
  });
});
