import { describe, expect, it } from "vitest";
import { ClientClosedError, TaskFailedError, UnknownEndpointError } from "../../../src/index.ts";
import { RemoteApiError } from "../../../src/remote/index.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { COMPLETED, ID, RESULT, remoteLab, taskOf } from "./scripted-worker.ts";

const CALLS = "/v1/endpoints/papers/calls";

describe("calling a tool", () => {
  it("resolves with what the worker holds, as soon as it holds it", async () => {
    const { client, worker } = remoteLab();
    const options = { prefer: "plain", ttlMs: 60_000, repeatable: true, idempotencyKey: "order-7" } as const;
    const calling = client.callTool("papers", "report", { pages: 3 }, options);
    const request = await worker.expect("POST", CALLS);
    expect(request.json).toEqual({ tool: "report", arguments: { pages: 3 }, ...options });
    expect(request.headers.get("authorization")).toBe("Bearer t0ken");
    expect(request.headers.get("idempotency-key")).toMatch(/^[0-9a-f-]{36}$/);
    await request.reply(202, taskOf());
    const task = await calling;
    expect([task.id, task.view.status, task.view.taskId]).toEqual([ID, "working", "upstream-1"]);
  });

  it("resolves while the worker still calls: it is held", async () => {
    const { client, worker } = remoteLab();
    const calling = client.callTool("papers", "report");
    await (await worker.expect("POST", CALLS)).reply(202, taskOf({ status: "calling" }));
    expect((await calling).id).toBe(ID);
  });

  it("resolves with the result of what was no task, and holds no stream for it", async () => {
    const { client, worker } = remoteLab();
    const calling = client.callTool("papers", "report");
    await (await worker.expect("POST", CALLS)).reply(200, COMPLETED);
    expect(await (await calling).result()).toEqual(RESULT);
    expect(await worker.quiet()).toEqual([]);
  });

  it("rejects with the TaskError when the call came to nothing", async () => {
    const { client, worker } = remoteLab();
    const calling = client.callTool("papers", "report");
    const refusal = expect(calling).rejects.toBeInstanceOf(TaskFailedError);
    const error = { reason: "rpc", message: "no such tool", rpc: { code: -32602, message: "no" } } as const;
    await (await worker.expect("POST", CALLS)).reply(200, taskOf({ outcome: { kind: "failed", error } }));
    await refusal;
  });

  it("asks again with the same key and body on any failure that passes, until the worker answers", async () => {
    const { client, worker, clock, problems } = remoteLab();
    const calling = client.callTool("papers", "report", { pages: 3 });
    const sent: string[] = [];
    const attempt = async () => {
      const request = await worker.expect("POST", CALLS);
      sent.push(`${request.headers.get("idempotency-key")} ${request.body}`);
      return request;
    };
    await (await attempt()).fail();
    await clock.advance(1_000);
    await (await attempt()).refuse(500, "internal");
    await clock.advance(2_000);
    await (await attempt()).reply(504);
    await clock.advance(4_000);
    // The answer breaks in the middle.
    const torn = new ReadableStream({ start: (controller) => controller.error(new TypeError("reset")) });
    await (await attempt()).respond(new Response(torn, { status: 202 }));
    await clock.advance(8_000);
    await (await attempt()).reply(202, taskOf());
    expect((await calling).id).toBe(ID);
    expect(new Set(sent).size).toBe(1);
    expect(problems.map(({ kind }) => kind)).toEqual(["request", "request", "request", "request"]);
  });

  it("waits longer with each failure, and never as long as another one", async () => {
    const { client, worker, clock } = remoteLab();
    void client.callTool("papers", "report").catch(() => undefined);
    for (let failure = 1; failure <= 8; failure++) {
      await (await worker.expect("POST", CALLS)).fail();
      const waited = clock.waits.at(-1) ?? 0;
      const step = Math.min(60_000, 1_000 * 2 ** (failure - 1));
      expect(waited).toBeGreaterThanOrEqual(step / 2);
      expect(waited).toBeLessThanOrEqual(step);
      await clock.advance(waited);
    }
  });

  it("rejects when the worker stays away, naming its address and that it may hold the call", async () => {
    const { client, worker, clock } = remoteLab();
    const refusal = expect(client.callTool("papers", "report")).rejects.toMatchObject({
      constructor: RemoteApiError,
      status: 0,
      code: "network",
      message: expect.stringMatching(
        /^The worker at https?:.* could not be reached: .*may hold the call: list\(\)/,
      ),
    });
    for (let attempt = 1; attempt <= 9; attempt++) {
      await (await worker.expect("POST", CALLS)).fail();
      await clock.advance(60_000);
    }
    await refusal;
    expect(await worker.quiet()).toEqual([]);
  });

  it("heeds Retry-After, which a nudge does not shorten; a backoff it does", async () => {
    const { client, worker, clock } = remoteLab();
    void client.callTool("papers", "report").catch(() => undefined);
    await (await worker.expect("POST", CALLS)).refuse(429, "calls-a-minute", { "retry-after": "30" });
    client.nudge();
    await clock.advance(29_000);
    expect(await worker.quiet()).toEqual([]);
    await clock.advance(1_000);
    await (await worker.expect("POST", CALLS)).fail();
    client.nudge();
    await worker.expect("POST", CALLS);
  });

  it.each([
    [404, "unknown-tool"],
    [409, "odd"],
    [422, "malformed"],
    [422, "idempotency-conflict"],
    [401, "unauthorized"],
    [413, "too-large"],
    [502, "upstream"],
    [502, "upstream-unauthorized"],
  ])("rejects with a RemoteApiError for %i %s", async (status, code) => {
    const { client, worker } = remoteLab();
    const refusal = expect(client.callTool("papers", "report")).rejects.toMatchObject({
      constructor: RemoteApiError,
      status,
      code,
      detail: `Refused: ${code}`,
      retryAfterMs: 7_000,
    });
    await (await worker.expect("POST", CALLS)).refuse(status, code, { "retry-after": "7" });
    await refusal;
    expect(await worker.quiet()).toEqual([]);
  });

  it("an endpoint that is not there: UnknownEndpointError, with those that are", async () => {
    const { client, worker } = remoteLab();
    const calling = client.callTool("nowhere", "report");
    const refusal = expect(calling).rejects.toThrow(/"nowhere".*papers, press/);
    const kind = expect(calling).rejects.toBeInstanceOf(UnknownEndpointError);
    await (await worker.expect("POST", "/v1/endpoints/nowhere/calls")).refuse(404, "unknown-endpoint");
    await (await worker.expect("GET", "/v1/endpoints")).reply(200, {
      endpoints: [{ name: "papers" }, { name: "press" }],
    });
    await Promise.all([refusal, kind]);
  });

  it("a reply that is not a valid task rejects the call as malformed", async () => {
    for (const answer of [{}, null, [], { ...taskOf(), inputRequests: "none" }, { ...taskOf(), rev: "1" }]) {
      const { client, worker } = remoteLab();
      const refusal = expect(client.callTool("papers", "report")).rejects.toMatchObject({
        code: "malformed",
      });
      await (await worker.expect("POST", CALLS)).reply(202, answer);
      await refusal;
    }
  });

  it("a signal ends the wait: before the request, while it is in flight, and between two attempts", async () => {
    const { client, worker } = remoteLab();
    const reason = new Error("The dialog was closed");
    await expect(client.callTool("papers", "a", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(await worker.quiet()).toEqual([]);
    for (const failFirst of [false, true]) {
      const controller = new AbortController();
      const refusal = expect(client.callTool("papers", "a", {}, { signal: controller.signal })).rejects.toBe(
        reason,
      );
      const request = await worker.expect("POST", CALLS);
      if (failFirst) await request.fail();
      controller.abort(reason);
      await refusal;
      expect(await worker.quiet()).toEqual([]);
    }
  });

  it("closing the client ends it with a ClientClosedError", async () => {
    const { client, worker } = remoteLab();
    const refusal = expect(client.callTool("papers", "a")).rejects.toBeInstanceOf(ClientClosedError);
    await worker.expect("POST", CALLS);
    await client.close();
    await refusal;
    await expect(client.list()).rejects.toBeInstanceOf(ClientClosedError);
  });
});

describe("the token", () => {
  it("is asked for before every request, and again when the worker refuses it", async () => {
    let current = "first";
    const { client, worker } = remoteLab({ token: async () => current });
    const asking = client.endpoints();
    const request = await worker.expect("GET", "/v1/endpoints");
    expect(request.headers.get("authorization")).toBe("Bearer first");
    current = "second";
    await request.refuse(401, "unauthorized");
    const again = await worker.expect("GET", "/v1/endpoints");
    expect(again.headers.get("authorization")).toBe("Bearer second");
    await again.reply(200, { endpoints: [] });
    expect(await asking).toEqual([]);
  });

  it("is not sent again when there is no other", async () => {
    const { client, worker } = remoteLab({ token: () => "same" });
    const refusal = expect(client.endpoints()).rejects.toMatchObject({ status: 401 });
    await (await worker.expect("GET", "/v1/endpoints")).refuse(401, "unauthorized");
    await refusal;
  });

  it("that cannot be had is the app's own error", async () => {
    const error = new Error("Logged out");
    const { client } = remoteLab({ token: () => Promise.reject(error) });
    await expect(client.endpoints()).rejects.toBe(error);
    await settled();
  });
});
