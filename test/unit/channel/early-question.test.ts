import { expect, it } from "vitest";
import { RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { Transport } from "../../../src/channel/transport.ts";
import type { Origin } from "../../../src/protocol/inbound.ts";

it("a question that comes before the handshake has ended names the session of its transport", () => {
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    send: async () => undefined,
    sessionId: "s-2",
  };
  const origins: (Origin | undefined)[] = [];
  const channel = new RpcChannel(transport, (_message, origin) => origins.push(origin) > 0);
  channel.receive({ jsonrpc: "2.0", id: 1, method: "elicitation/create", params: {} });
  expect(origins).toEqual([{ sessionId: "s-2" }]);
});
