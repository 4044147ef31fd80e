import { afterEach, describe, expect, test } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { MODERN_URL, ModernServer } from "./modern-server.ts";
import { type Fetch, Wire } from "./wire.ts";

type Connect = (fetch: Fetch) => Connector;

const CASES: readonly [string, () => LegacyServer | ModernServer, Connect, readonly string[], string][] = [
  [
    "2025-11-25 on the v1 SDK",
    () => new LegacyServer(),
    (fetch) => fromUrlV1(LEGACY_URL, { fetch }),
    ["initialize", "notifications/initialized", "tools/list", "tools/call"],
    "2025-11-25",
  ],
  [
    "2025-11-25 on the v2 SDK",
    () => new LegacyServer(),
    (fetch) => fromUrlV2(LEGACY_URL, { fetch, era: "2025-11-25" }),
    ["initialize", "notifications/initialized", "tools/list", "tools/call"],
    "2025-11-25",
  ],
  [
    "2025-11-25 on the v2 SDK, found out by asking",
    () => new LegacyServer(),
    (fetch) => fromUrlV2(LEGACY_URL, { fetch }),
    ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"],
    "2025-11-25",
  ],
  [
    "2026-07-28",
    () => new ModernServer(),
    (fetch) => fromUrlV2(MODERN_URL, { fetch }),
    ["server/discover", "tools/list", "tools/call"],
    "2026-07-28",
  ],
  [
    "2025-11-25 without an SDK",
    () => new LegacyServer(),
    (fetch) => fromUrlHttp(LEGACY_URL, { fetch }),
    ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"],
    "2025-11-25",
  ],
  [
    "2026-07-28 without an SDK",
    () => new ModernServer(),
    (fetch) => fromUrlHttp(MODERN_URL, { fetch }),
    ["server/discover", "tools/list", "tools/call"],
    "2026-07-28",
  ],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.each(CASES)("fromUrl, %s", (_name, serve, connect, handshake, version) => {
  test("takes a task up with tasks/get as the first request, and no handshake at all", async () => {
    const server = serve();
    closers.push(() => server.close());
    const store = memoryStore();

    const first = new Wire(server.fetch);
    const pageOne = new TaskClient({ store, endpoints: { server: connect(first.fetch) } });
    const { id, taskId = "" } = (await pageOne.callTool("server", "report")).view;
    await pageOne.close();
    expect(first.methods.slice(0, handshake.length)).toEqual(handshake);
    await server.finish(taskId, "kept");

    const wire = new Wire(server.fetch);
    const pageTwo = new TaskClient({ store, endpoints: { server: connect(wire.fetch) } });
    closers.push(() => pageTwo.close());
    const [task] = await pageTwo.resume();
    expect(task?.id).toBe(id);
    expect((await task?.result())?.content).toEqual([{ type: "text", text: "kept" }]);

    expect(wire.sent[0]).toMatchObject({ http: "POST", method: "tasks/get" });
    // A stream for news may be opened after it, which makes no handshake either. 2026-07-28 has the
    // result in the reply to the poll; 2025-11-25 fetches it.
    const expected = version === "2025-11-25" ? ["tasks/get", "tasks/result"] : ["tasks/get"];
    expect(wire.methods.filter((method) => method !== "subscriptions/listen")).toEqual(expected);
    for (const { headers } of wire.sent) expect(headers.get("mcp-protocol-version")).toBe(version);
  });
});
