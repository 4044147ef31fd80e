import { expect, it } from "vitest";
import { RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { Transport } from "../../../src/channel/transport.ts";

it("A reply with neither a result nor an error fails its request at once", async () => {
  const sent: { readonly id: number }[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    send: async (message: { readonly id: number }) => void sent.push(message),
  };
  const channel = new RpcChannel(transport, () => false);
  const reply = channel.request({ method: "tools/call", params: {} });
  expect(channel.receive({ jsonrpc: "2.0", id: sent[0]?.id })).toBe(true);
  await expect(reply).rejects.toMatchObject({
    failure: {
      kind: "malformed",
      message: "The reply is unreadable: it holds neither a result nor an error",
    },
  });
});
