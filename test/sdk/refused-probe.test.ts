import { afterEach, expect, test } from "vitest";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { MODERN_URL } from "./modern-server.ts";
import { Wire } from "./wire.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function probed(code: number): Promise<{ error: unknown; methods: readonly string[] }> {
  const wire = new Wire(async (_url, init) => {
    const { id } = JSON.parse(String(init?.body)) as { id?: unknown };
    return Response.json({ jsonrpc: "2.0", id, error: { code, message: "Refused" } }, { status: 400 });
  });
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { server: fromUrl(MODERN_URL, { fetch: wire.fetch }) },
  });
  closers.push(() => client.close());
  const error = await client.session("server").catch((thrown: unknown) => thrown);
  return { error, methods: wire.methods };
}

test.each([-32020, -32021])(
  "%i is the word of a 2026-07-28 server: no handshake of the older one is tried",
  async (code) => {
    const { error, methods } = await probed(code);
    expect(error).toMatchObject({ method: "server/discover", failure: { kind: "rpc", error: { code } } });
    expect(methods).toEqual(["server/discover"]);
  },
);

test.each([-32600, -32601, -32000])(
  "%i may be that of an older server, with which the handshake is made",
  async (code) => {
    expect((await probed(code)).methods).toEqual(["server/discover", "initialize"]);
  },
);
