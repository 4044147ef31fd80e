import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { SampleLab } from "../browser/sample-lab.ts";
import { until } from "../browser/until.ts";
import { blocksOf } from "../examples/documents.ts";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { PackedApp } from "./packed-app.ts";
import { Tarball } from "./tarball.ts";

/** `wrangler` is the checkout's; the library is the tarball's. */
const CONFIG = `
name = "papers"
main = "worker.ts"
compatibility_date = "2026-08-15"
compatibility_flags = ["no_nodejs_compat", "no_nodejs_compat_v2"]
[[durable_objects.bindings]]
name = "PAPERS"
class_name = "Papers"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Papers"]
`;

const ROUTES = `
  async outcome(id: string) {
    return (await this.tasks.client.get(id))?.view.outcome ?? null;
  }
}
export default {
  async fetch(request: Request, env: { PAPERS: DurableObjectNamespace<Papers> }): Promise<Response> {
    const papers = env.PAPERS.getByName("one");
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/acquire") return new Response(await papers.acquire("10.1038/s41586-020-2649-2"));
    if (pathname === "/outcome") return Response.json(await papers.outcome(searchParams.get("id") ?? ""));
    return new Response("ok");
  },
};
`;

let app: PackedApp;
let worker: ServerProcess;
let lab: SampleLab;

beforeAll(async () => {
  const place = "docs/edge.md, A Durable Object of your own, 1";
  const code = blocksOf("docs/edge.md").find((block) => block.place === place)?.code ?? "";
  lab = new SampleLab();
  const server = `${inject("workerUrl")}/samples/${lab.name}/2026-07-28/mcp`;
  const tarball = new Tarball();
  app = await PackedApp.of(
    tarball.path,
    {},
    {
      "worker.ts": code.replace("https://papers.example/mcp", server).replace(/\}\n$/, ROUTES),
      "wrangler.toml": CONFIG,
    },
  );
  tarball.remove();
  worker = await startWorker({ config: join(app.folder, "wrangler.toml") });
});
afterAll(async () => {
  await worker?.kill();
  app?.remove();
});

test("a Worker with the Durable Object of docs/edge.md runs a task to its end, from the tarball", async () => {
  const id = await (await fetch(`${worker.url}/acquire`)).text();
  const outcome = await until("the alarm has seen the task to its end", async () => {
    const reply = await fetch(`${worker.url}/outcome?id=${encodeURIComponent(id)}`);
    return ((await reply.json()) as object | null) ?? undefined;
  });
  expect(outcome).toMatchObject({ kind: "completed" });
  expect(await lab.count("tools/call")).toBe(1);
});
