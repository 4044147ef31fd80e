import type { TaskView } from "holdfast";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ask, json, post } from "./whole-worker.ts";

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

const SECRET_ARGUMENT = "10.1/an-argument-nobody-else-may-read";

let document: Document;
let demos: TaskView;
let lines: string[] = [];

beforeAll(async () => {
  document = await json<Document>(ask("/v1/openapi.json", {}, null));
  const call = { tool: "acquire_paper", arguments: { doi: SECRET_ARGUMENT, stage_ms: 10_000 } };
  demos = await json<TaskView>(post("/v1/endpoints/sample-2026/calls", call));
  for (const method of ["log", "error", "warn", "info"] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...args: unknown[]) => void lines.push(args.map(String).join(" ")),
    );
  }
});

afterEach(() => {
  const logged = lines.join("\n");
  expect(logged).not.toContain("alice-token");
  expect(logged).not.toContain("wrong-token");
  expect(logged).not.toContain(SECRET_ARGUMENT);
  lines = [];
});

/** Every route the document has, with what it needs to be asked for. */
function routes(id: string): { method: string; path: string; init: RequestInit }[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: template.replace("{endpoint}", "sample-2026").replace("{id}", id).replace("{key}", "edition"),
      init: {
        method: method.toUpperCase(),
        ...(method === "post" && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(bodyOf(template)),
        }),
      },
    })),
  );
}

function bodyOf(template: string): object {
  if (template.endsWith("/addressees")) return { addressee: "desk" };
  if (template.endsWith("/acknowledgements")) return { addressee: "desk", receipt: "a-receipt-of-the-desk" };
  return { tool: "lookup_doi", arguments: { doi: "10.1/x" }, action: "cancel" };
}

const PUBLIC = new Set(["/v1/openapi.json"]);

describe("every route of the document", () => {
  it("there are some", () => {
    expect(routes("x").length).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ["without a token", null],
    ["with a wrong token", "wrong-token"],
    ["with a token in other letters", "DEMO"],
    ["with another's token and more", "demo "],
  ])("%s is refused, and always in the same words", async (_how, token) => {
    const bodies = new Set<string>();
    for (const { path, init } of routes(demos.id)) {
      if (PUBLIC.has(path)) continue;
      const reply = await ask(path, init, token === "demo " ? "demo x" : token);
      expect(reply.status, path).toBe(401);
      expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(reply.headers.get("content-type")).toContain("application/problem+json");
      const { instance: _path, ...problem } = await json<Problem>(reply);
      bodies.add(JSON.stringify(problem));
    }
    expect(bodies.size).toBe(1);
  });

  it("with another principal's token knows as much of the task as of one that never was", async () => {
    const nobodys = demos.id.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const [foreign, unknown] = [routes(demos.id), routes(nobodys)];
    for (const [index, route] of foreign.entries()) {
      if (!route.path.includes(demos.id)) continue;
      const other = unknown[index];
      if (!other) throw new Error("The routes differ");
      const [of, never] = [
        await ask(route.path, route.init, "alice-token"),
        await ask(other.path, other.init, "alice-token"),
      ];
      expect(of.status, route.path).toBe(404);
      expect(never.status, other.path).toBe(404);
      const withoutId = (text: string) => text.replaceAll(demos.id, "ID").replaceAll(nobodys, "ID");
      expect(withoutId(await of.text())).toBe(withoutId(await never.text()));
    }
    expect((await json<TaskView>(ask(`/v1/tasks/${demos.id}`))).status).toBe("working");
  });

  it("lists nobody else's tasks", async () => {
    const { tasks } = await json<{ tasks: TaskView[] }>(ask("/v1/tasks?limit=100", {}, "alice-token"));
    expect(tasks.map(({ id }) => id)).not.toContain(demos.id);
  });
});

describe("bodies", () => {
  const path = "/v1/endpoints/sample-2026/calls";

  it.each([
    ["one that is not JSON", "{", 422],
    ["nothing", "", 422],
    ["a list", "[]", 422],
    ["no tool", JSON.stringify({ arguments: {} }), 422],
    ["a tool that is not a string", JSON.stringify({ tool: 7 }), 422],
    ["arguments that are not an object", JSON.stringify({ tool: "echo", arguments: [1] }), 422],
    [
      "a depth nobody needs",
      JSON.stringify({ tool: "echo", arguments: JSON.parse(`${'{"a":'.repeat(500)}1${"}".repeat(500)}`) }),
      422,
    ],
    [
      "arguments that are too long",
      JSON.stringify({ tool: "echo", arguments: { text: "x".repeat(300_000) } }),
      413,
    ],
    ["a body that is far too long", "x".repeat(5_000_000), 413],
  ])("%s: refused", async (_what, body, status) => {
    const reply = await post(path, body);
    expect(reply.status).toBe(status);
    const problem = await json<Problem>(reply);
    expect(problem.status).toBe(status);
    expect(JSON.stringify(problem).length).toBeLessThan(2_000);
  });

  it("of another kind are refused", async () => {
    const reply = await ask(path, {
      method: "POST",
      body: "tool=echo",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(reply.status).toBe(415);
  });
});

describe("what is not meant to be in a header", () => {
  it.each([
    ["/v1/tasks/%0d%0aset-cookie:%20a=b", {}],
    ["/v1/endpoints/%0d%0aset-cookie:%20a=b/tools", {}],
    ["/v1/endpoints/..%2f..%2fsamples/tools", {}],
    ["/v1/events", { "last-event-id": "%0d%0a<script>" }],
    ["/v1/tasks?cursor=%0d%0aset-cookie:%20a=b", {}],
  ])("%s comes back in none", async (path, headers) => {
    const reply = await ask(path, { headers });
    expect(reply.status).toBeLessThan(500);
    const text = JSON.stringify([...reply.headers]);
    expect(text).not.toContain("set-cookie");
    expect(text).not.toContain("script");
    await reply.body?.cancel();
  });

  it.each(["", "x".repeat(256), "with space", "ümlaut".normalize()])(
    "an Idempotency-Key of %j is refused",
    async (key) => {
      const call = { tool: "lookup_doi", arguments: { doi: "10.1/x" } };
      const reply = await post("/v1/endpoints/sample-2026/calls", call, { "idempotency-key": key }).catch(
        () => undefined,
      );
      expect(reply?.status ?? 422).toBe(422);
    },
  );
});

describe("pages of other origins", () => {
  const preflight = (origin: string) =>
    ask(
      "/v1/tasks",
      {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "authorization",
        },
      },
      null,
    );

  it("are let in by the list", async () => {
    expect((await preflight("https://app.example")).headers.get("access-control-allow-origin")).toBe(
      "https://app.example",
    );
    expect(
      (await preflight("https://app.example.evil.example")).headers.get("access-control-allow-origin"),
    ).toBeNull();
    expect((await preflight("null")).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("learn nothing from a reply either", async () => {
    const reply = await ask("/v1/tasks", { headers: { origin: "https://evil.example" } });
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("/metrics", () => {
  it("needs its own token", async () => {
    expect((await ask("/metrics", {}, null)).status).toBe(401);
    expect((await ask("/metrics", {}, "demo")).status).toBe(401);
    const reply = await ask("/metrics", {}, "metrics-token");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(reply.status).toBe(200);
    const text = await reply.text();
    expect(text).toMatch(/^holdfast_calls_started_total \d+$/m);
    expect(text).not.toContain("demo");
  });
});

describe("webhooks", () => {
  it.each([
    "http://127.0.0.1/",
    "https://169.254.169.254/latest",
    "https://localhost/",
    "https://user:pass@hooks.example/",
    "ftp://x.example/",
  ])("to %s are refused", async (webhook) => {
    const call = { tool: "lookup_doi", arguments: { doi: "10.1/x" }, webhook };
    expect((await post("/v1/endpoints/sample-2026/calls", call)).status).toBe(422);
  });
});
