import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EVERYTHING } from "../proxy/proxied-client.ts";
import { Folder, type GatewayTask, ServedGateway } from "./served-gateway.ts";

const folder = new Folder();
const pidFile = join(folder.path, "pids");
const script = (name: string): string => join(import.meta.dirname, "../proxy", name);
let gateway: ServedGateway;

beforeAll(async () => {
  const config = join(folder.path, "endpoints.json");
  const [command = "", ...args] = EVERYTHING;
  writeFileSync(config, JSON.stringify({ everything: { command, args, title: "Everything" } }));
  gateway = await ServedGateway.start(join(folder.path, "state"), {
    args: [
      ...["--config", config],
      ...["--endpoint", `modern=-- ${process.execPath} ${script("modern-server.mjs")}`],
      ...["--endpoint", `local=-- ${process.execPath} ${script("local-server.mjs")} --pid-file ${pidFile}`],
    ],
  });
});

afterAll(async () => {
  await gateway.end("SIGTERM");
  folder.remove();
});

function textOf({ outcome }: GatewayTask): string | undefined {
  return outcome?.result?.content[0]?.text;
}

describe("A local server as an endpoint of holdfast serve", () => {
  test("of 2025-11-25 runs plain calls and tasks, side by side", async () => {
    const [research, ...echoes] = await Promise.all([
      gateway.call("everything", "simulate-research-query", { topic: "kelp" }),
      ...Array.from({ length: 20 }, (_, n) => gateway.call("everything", "echo", { message: `${n}` })),
    ]);
    for (const [n, { id }] of echoes.entries()) expect(textOf(await gateway.come(id))).toBe(`Echo: ${n}`);
    expect(textOf(await gateway.come(research?.id ?? ""))).toContain("Research Report: kelp");
  });

  test("of 2025-11-25 asks a question in the middle of a task", async () => {
    const args = { topic: "python", ambiguous: true };
    const { id } = await gateway.call("everything", "simulate-research-query", args);
    const asking = await gateway.come(id);
    const key = asking.inputRequests?.[0]?.key ?? "";
    const response = { action: "accept", content: { interpretation: "snake" } };
    await gateway.ask("POST", `/v1/tasks/${id}/inputs/${key}`, response);
    expect(textOf(await gateway.come(id))).toContain("python (snake)");
  });

  test("of 2026-07-28 asks a question and has its answer", async () => {
    const { id } = await gateway.call("modern", "ask", {});
    const asking = await gateway.come(id);
    expect(asking.inputRequests).toMatchObject([{ key: "which" }]);
    const response = { action: "accept", content: { which: "this" } };
    await gateway.ask("POST", `/v1/tasks/${id}/inputs/which`, response);
    expect(textOf(await gateway.come(id))).toBe("tool of this");
  });

  test("is reached by MCP clients at /mcp/<endpoint>", async () => {
    const client = new Client({ name: "test", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${gateway.token}` } };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/everything`), { requestInit }),
    );
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("echo");
    const result = await client.callTool({ name: "echo", arguments: { message: "hello" } });
    expect(result.content).toEqual([{ type: "text", text: "Echo: hello" }]);
    await client.close();
  });

  test("that crashes is started again, and the call that crashed it is not repeated", async () => {
    const pids = (): readonly string[] => readFileSync(pidFile, "utf8").trim().split("\n");
    const count = async (): Promise<string | undefined> =>
      textOf(await gateway.come((await gateway.call("local", "count", {})).id));
    expect(await count()).toBe("0");
    expect(pids()).toHaveLength(1);
    const crashed = await gateway.come((await gateway.call("local", "crash", {})).id);
    expect(crashed.outcome?.kind).not.toBe("completed");
    expect(await count()).toBe("0");
    expect(pids()).toHaveLength(2);
    expect(gateway.stderr).toContain("local: it exited with code 7");
  });

  test("and its arguments are not seen by the API", async () => {
    const { endpoints } = await gateway.ask<{ endpoints: object[] }>("GET", "/v1/endpoints");
    expect(endpoints).toEqual([
      { name: "everything", title: "Everything" },
      { name: "modern" },
      { name: "local" },
    ]);
  });
});
