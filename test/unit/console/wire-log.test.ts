import type { TaskView } from "holdfast";
import { expect, test } from "vitest";
import { harOf } from "../../../ui/wire/har.ts";
import { exchangesOf, folded } from "../../../ui/wire/of-task.ts";
import { WireLog } from "../../../ui/wire/wire-log.ts";

const SERVER = "https://papers.example/mcp?key=of-the-server";

function posting(method: string, params: object, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}

const task: TaskView = {
  id: "a",
  endpoint: "papers",
  generation: "2026-07-28",
  tool: "acquire_paper",
  taskId: "task-1",
  arguments: {},
  status: "working",
  rev: 1,
  createdAt: 0,
  inputRequests: [],
  cancelling: false,
};

test("the log notes requests and replies to a server, without secrets of headers and addresses", async () => {
  const log = new WireLog();
  const recording = log.recording(SERVER, async () =>
    Response.json(
      { result: {} },
      { status: 503, headers: { "retry-after": "2", "set-cookie": "sid=of-a-session" } },
    ),
  );
  const secret = {
    authorization: "Bearer of-a-person",
    "mcp-session-id": "of-a-session",
    "x-key": "of-mine",
  };
  const reply = await recording(SERVER, posting("tasks/get", { taskId: "task-1" }, secret));
  expect(await reply.json()).toEqual({ result: {} });
  const [exchange] = log.exchanges.get();
  expect(exchange).toMatchObject({ http: "POST", rpc: "tasks/get", status: 503, response: { bytes: 13 } });
  expect(exchange?.responseHeaders).toContainEqual(["retry-after", "2"]);
  for (const text of [JSON.stringify(log.exchanges.get()), harOf(log.exchanges.get(), "1")]) {
    expect(text).not.toMatch(/of-a-person|of-a-session|of-mine|of-the-server/);
    expect(text).toContain("tasks/get");
  }
});

test("the log notes nothing that goes to another address than the server's, such as a sign-in", async () => {
  const log = new WireLog();
  const recording = log.recording(SERVER, async () => new Response("{}"));
  await recording("https://papers.example/token", { method: "POST", body: "code=secret" });
  await recording("https://login.example/mcp?key=of-the-server", posting("tools/call", {}));
  expect(log.exchanges.get()).toEqual([]);
});

test("a stream is noted as it is read, and a reader that stops stops the server", async () => {
  const log = new WireLog();
  let isStopped = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
    cancel: () => {
      isStopped = true;
    },
  });
  const recording = log.recording(SERVER, async () => new Response(body));
  const reader = (await recording(SERVER, posting("tools/call", {}))).body?.getReader();
  await reader?.read();
  expect(log.exchanges.get()[0]).toMatchObject({ isOpen: true });
  await reader?.cancel();
  await expect.poll(() => isStopped).toBe(true);
  await expect.poll(() => log.exchanges.get()[0]?.isOpen).toBeUndefined();
  expect(log.exchanges.get()[0]?.response?.text).toMatch(/^data: x/);
});

test("a request that fails is noted with the reason, and fails all the same", async () => {
  const log = new WireLog();
  const recording = log.recording(SERVER, async () => {
    throw new TypeError("Failed to fetch");
  });
  await expect(recording(SERVER, posting("tasks/get", {}))).rejects.toThrow("Failed to fetch");
  expect(log.exchanges.get()[0]).toMatchObject({ problem: "Failed to fetch" });
});

test("the log holds the last 500 exchanges, and the beginning of a long body", async () => {
  const log = new WireLog();
  const recording = log.recording(SERVER, async () => new Response("x".repeat(100_000)));
  for (let index = 0; index < 520; index++)
    await (await recording(SERVER, posting("tasks/get", { index }))).text();
  const all = log.exchanges.get();
  expect(all).toHaveLength(500);
  expect(all.at(-1)?.response?.bytes).toBe(100_000);
  expect(all.at(-1)?.response?.text.length).toBe(32_768);
});

test("a task has the exchanges that name it, and its polls in a row are one", async () => {
  const log = new WireLog();
  const recording = log.recording(SERVER, async (_input, init) =>
    Response.json(String(init?.body).includes("tools/call") ? { result: { taskId: "task-1" } } : {}),
  );
  const send = async (method: string, params: object): Promise<void> =>
    void (await (await recording(SERVER, posting(method, params))).text());
  await send("tools/list", {});
  await send("tools/call", { name: "acquire_paper" });
  for (let poll = 0; poll < 3; poll++) await send("tasks/get", { taskId: "task-1" });
  await send("tasks/get", { taskId: "task-10" });
  await send("tasks/update", { taskId: "task-1" });
  await send("tasks/get", { taskId: "task-1" });
  const found = folded(exchangesOf(log.exchanges.get(), task));
  expect(found.map(({ first, all }) => [first.rpc, all.length])).toEqual([
    ["tools/call", 1],
    ["tasks/get", 3],
    ["tasks/update", 1],
    ["tasks/get", 1],
  ]);
  const { taskId: _id, ...plain } = task;
  expect(exchangesOf(log.exchanges.get(), plain).map(({ rpc }) => rpc)).toEqual(["tools/call"]);
});
