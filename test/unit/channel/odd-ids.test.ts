import { expect, it } from "vitest";
import { requestFailureOf } from "../../../src/channel/request-failed.ts";
import { isChannelId, RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { Transport } from "../../../src/channel/transport.ts";

/** `Number()` of the last two throws. */
const ODD = [true, null, [], {}, { valueOf: 1, toString: true }, JSON.parse('{"toString":1,"valueOf":2}')];

it.each(ODD)("A reply under the id %j is nobody's, and throws nothing", (id) => {
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    send: async () => undefined,
  };
  const channel = new RpcChannel(transport, () => false);
  expect(channel.receive({ jsonrpc: "2.0", id, result: {} })).toBe(false);
  expect(isChannelId(id)).toBe(false);
  const body = JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: "no" } });
  expect(requestFailureOf(Object.assign(new Error(body), { status: 500 }), 1)).toMatchObject({
    kind: "http",
    status: 500,
  });
});
