import { describe, expect, it } from "vitest";
import { connectionOver } from "../../../src/channel/connection.ts";
import { type RequestOptions, RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { Transport } from "../../../src/channel/transport.ts";
import { type Generation, protocolOf } from "../../../src/protocol/registry.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";

const PLAIN = { method: "tools/call", params: { name: "plain" } };

interface Sent {
  readonly message: { readonly id?: number; readonly method: string; readonly params?: unknown };
  /** The server has taken it. */
  readonly take: () => void;
  readonly lose: () => void;
  readonly signal: AbortSignal | undefined;
}

function lab(generation: Generation, hasPerRequestStream?: boolean) {
  const clock = new FakeClock(0);
  const sent: Sent[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    hasPerRequestStream,
    send: (message: Sent["message"], options?: { readonly requestSignal?: AbortSignal }) =>
      new Promise<void>((resolve, reject) => {
        const lose = (): void => reject(new Error("The network is gone"));
        sent.push({ message, take: resolve, lose, signal: options?.requestSignal });
      }),
  };
  const channel = new RpcChannel(transport, () => false, clock);
  const session = { generation, protocolVersion: generation, serverCapabilities: {} };
  const connection = connectionOver(
    protocolOf,
    channel,
    () => session,
    { name: "app", version: "1" },
    {},
    async () => {},
  );
  const app = new AbortController();
  const request = (options: RequestOptions = {}, frame = PLAIN) => {
    const log = { ended: false };
    connection
      .request(frame, { signal: app.signal, ...options })
      .catch(() => undefined)
      .finally(() => {
        log.ended = true;
      });
    return log;
  };
  const announced = (): readonly Sent[] =>
    sent.filter(({ message }) => message.method === "notifications/cancelled");
  return { clock, sent, app, request, announced };
}

describe("A request that its signal aborts", () => {
  it.each([
    ["2025-11-25", undefined, 1],
    ["2025-11-25", true, 1],
    ["2026-07-28", undefined, 1],
    ["2026-07-28", true, 0],
  ] as const)(
    "in %s, on a transport whose hasPerRequestStream is %s, sends %i notifications",
    async (generation, streams, count) => {
      const { sent, app, request, announced } = lab(generation, streams);
      request();
      app.abort();
      await settled();
      expect(announced().map(({ message }) => message.params)).toEqual(
        Array(count).fill({ requestId: sent[0]?.message.id, reason: "The request was given up" }),
      );
      expect(sent[0]?.signal?.aborted).toBe(true);
    },
  );

  it("is not announced if it was never sent", async () => {
    const { sent, app, request } = lab("2025-11-25");
    app.abort();
    const log = request({ rejectAfterAnnouncing: true });
    await settled();
    expect(log.ended).toBe(true);
    expect(sent).toEqual([]);
  });

  it("is not announced if it asked for a task, which tasks/cancel cancels (2025-11-25)", async () => {
    const { app, request, announced } = lab("2025-11-25");
    request({}, { method: "tools/call", params: { name: "slow", task: {} } } as typeof PLAIN);
    app.abort();
    await settled();
    expect(announced()).toEqual([]);
  });

  it("rejects at once if nobody waits until the server is notified", async () => {
    const { app, request } = lab("2025-11-25");
    const log = request();
    app.abort();
    await settled();
    expect(log.ended).toBe(true);
  });
});

describe("A request with rejectAfterAnnouncing", () => {
  const OPTIONS = { rejectAfterAnnouncing: true };

  it.each(["take", "lose"] as const)(
    "rejects when the notification was answered or failed: %s",
    async (end) => {
      const { app, clock, request, announced } = lab("2025-11-25");
      const log = request(OPTIONS);
      app.abort();
      await clock.advance(900);
      expect(log.ended).toBe(false);
      announced()[0]?.[end]();
      await settled();
      expect(log.ended).toBe(true);
    },
  );

  it("rejects after 1 s if the server does not take the notification, which it still may", async () => {
    const { app, clock, request, announced } = lab("2025-11-25");
    const log = request(OPTIONS);
    app.abort();
    await clock.advance(1_000);
    expect(log.ended).toBe(true);
    expect(announced()[0]?.signal?.aborted).toBe(false);
    // Its own timeout frees its connection.
    await clock.advance(59_000);
    expect(announced()[0]?.signal?.aborted).toBe(true);
  });

  it("rejects 100 ms after its stream was closed, if closing it notifies the server", async () => {
    const { app, clock, request } = lab("2026-07-28", true);
    const log = request(OPTIONS);
    app.abort();
    await clock.advance(99);
    expect(log.ended).toBe(false);
    await clock.advance(1);
    expect(log.ended).toBe(true);
  });

  it("rejects at once when it timed out", async () => {
    const { clock, request, announced } = lab("2025-11-25");
    const log = request({ ...OPTIONS, timeoutMs: 50 });
    await clock.advance(50);
    expect(log.ended).toBe(true);
    expect(announced()).toHaveLength(1);
  });
});
