import { afterEach, describe, expect, it, vi } from "vitest";
import { RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { SendOptions, Transport } from "../../../src/channel/transport.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";

afterEach(() => vi.unstubAllGlobals());

function lab() {
  let made = 0;
  const Real = AbortController;
  vi.stubGlobal(
    "AbortController",
    class extends Real {
      constructor() {
        super();
        made++;
      }
    },
  );
  const clock = new FakeClock(0);
  const sent: SendOptions[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    send: async (_message: object, options?: SendOptions) => void (options && sent.push(options)),
  };
  const channel = new RpcChannel(transport, () => false, clock, 1_000);
  return { channel, clock, sent, made: () => made };
}

describe("the abort signal of a request", () => {
  it("is not made for a transport that does not ask for it", async () => {
    const { channel, made } = lab();
    const replies = [1, 2, 3].map(() => channel.request({ method: "tasks/get", params: {} }));
    await settled();
    expect(made()).toBe(0);
    for (const reply of replies) reply.catch(() => undefined);
    channel.close();
  });

  it("is one signal for every reader and each time", () => {
    const { channel, sent, made } = lab();
    channel.request({ method: "tasks/get", params: {} }).catch(() => undefined);
    expect(sent[0]?.requestSignal).toBe(sent[0]?.requestSignal);
    expect(made()).toBe(1);
    channel.close();
  });

  it("is aborted where a transport asks for it only after the request's time is up", async () => {
    const { channel, clock, sent } = lab();
    const late = expect(channel.request({ method: "tasks/get", params: {} })).rejects.toThrow(
      "No reply within",
    );
    await clock.advance(1_000);
    await late;
    expect(sent[0]?.requestSignal?.aborted).toBe(true);
  });
});
