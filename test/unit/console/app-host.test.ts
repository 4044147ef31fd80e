import { describe, expect, test } from "vitest";
import { appDocument } from "../../../ui/apps/app-document.ts";
import { AppHost } from "../../../ui/apps/app-host.ts";
import { appOfTool } from "../../../ui/apps/app-of-tool.ts";
import { isSmall } from "../../../ui/apps/message-bounds.ts";

interface Sent {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly code: number };
}

function hosted() {
  const sent: Sent[] = [];
  const closed: string[] = [];
  const heights: number[] = [];
  const links: { readonly url: string; readonly answer: (opened: boolean) => void }[] = [];
  let now = 0;
  const host = new AppHost({
    html: "<p>app",
    arguments: { n: 1 },
    result: { content: [] },
    theme: "light",
    version: "0",
    post: (message) => sent.push(message),
    onHeight: (height) => heights.push(height),
    onLink: (link) => links.push(link),
    onClose: (reason) => closed.push(reason),
    now: () => now,
  });
  const say = (message: unknown): void => host.receive(() => message);
  const ready = { jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready" };
  const initialized = { jsonrpc: "2.0", method: "ui/notifications/initialized" };
  const pass = (ms: number): void => {
    now += ms;
  };
  return { host, sent, closed, heights, links, say, ready, initialized, pass };
}

describe("AppHost", () => {
  test("sends arguments and result once, after the app was handed over and initialized", () => {
    const { sent, say, ready, initialized } = hosted();
    say(initialized);
    expect(sent).toEqual([]);
    for (const message of [ready, initialized, initialized]) say(message);
    expect(sent.map(({ method }) => method)).toEqual([
      "ui/notifications/sandbox-resource-ready",
      "ui/notifications/tool-input",
      "ui/notifications/tool-result",
    ]);
  });

  test("does not hand an app over twice: another page in the frame closes it", () => {
    const { sent, closed, say, ready } = hosted();
    say(ready);
    say(ready);
    expect(closed).toEqual(["The app left its page, so it was closed."]);
    say({ jsonrpc: "2.0", id: 1, method: "ping" });
    expect(sent).toHaveLength(1);
  });

  test("ignores what is not JSON-RPC, and refuses every request that it does not know", () => {
    const { sent, closed, say } = hosted();
    for (const message of [undefined, null, "ping", 7, [], {}, { jsonrpc: "1.0", id: 1, method: "ping" }])
      say(message);
    for (const id of [{}, null, Number.NaN, "k".repeat(201)]) say({ jsonrpc: "2.0", id: id, method: 7 });
    say({ jsonrpc: "2.0", id: {}, method: "ping" });
    expect(sent).toEqual([]);
    for (const method of ["tools/call", "toString", "__proto__", ""])
      say({ jsonrpc: "2.0", id: method, method });
    expect(sent.map(({ error }) => error?.code)).toEqual([-32601, -32601, -32601, -32601]);
    expect(closed).toEqual([]);
  });

  test("bounds the height, and ignores one that is not a number", () => {
    const { heights, say } = hosted();
    for (const height of [100_000, -5, 120.2, Number.NaN, Number.POSITIVE_INFINITY, "9", undefined])
      say({ jsonrpc: "2.0", method: "ui/notifications/size-changed", params: { height } });
    expect(heights).toEqual([800, 40, 121]);
  });

  test("asks for one link at a time, https alone", () => {
    const { sent, links, say } = hosted();
    const open = (id: number, url: unknown): void =>
      say({ jsonrpc: "2.0", id, method: "ui/open-link", params: { url } });
    for (const url of [
      "http://a.example/",
      "javascript:1",
      "https://a@b.example/",
      7,
      `https://a.example/${"k".repeat(2_000)}`,
    ])
      open(0, url);
    expect(sent.map(({ error }) => error?.code)).toEqual(Array(5).fill(-32602));
    open(1, "https://a.example/");
    open(2, "https://b.example/");
    expect(links.map(({ url }) => url)).toEqual(["https://a.example/"]);
    expect(sent.at(-1)).toMatchObject({ id: 2, error: { code: -32000 } });
    links[0]?.answer(true);
    expect(sent.at(-1)).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    open(3, "https://b.example/");
    links[1]?.answer(false);
    expect(sent.at(-1)).toMatchObject({ id: 3, error: { code: -32000 } });
  });

  test("allows 60 messages a second, and does not read those of an app that sends more", () => {
    const { host, closed, say, pass } = hosted();
    const ping = { jsonrpc: "2.0", method: "notifications/message" };
    for (let frame = 0; frame < 1_000; frame++) {
      say(ping);
      pass(1000 / 60);
    }
    expect(closed).toEqual([]);
    let read = 0;
    for (let index = 0; index < 1_000; index++)
      host.receive(() => {
        read++;
        return ping;
      });
    expect(closed).toEqual(["The app sent too many messages, so it was closed."]);
    expect(read).toBeLessThanOrEqual(241);
  });

  test("refuses large messages, and closes an app that goes on with them", () => {
    const { sent, closed, say } = hosted();
    const large = { jsonrpc: "2.0", id: 1, method: "ping", params: { text: "k".repeat(70_000) } };
    say(large);
    expect(sent).toMatchObject([{ id: 1, error: { code: -32600 } }]);
    for (let index = 0; index < 9; index++) say(large);
    expect(closed).toEqual([]);
    say(large);
    expect(closed).toEqual(["The app sent too much, so it was closed."]);
  });

  test("teardown() resolves when the app answers, at once when it was never initialized", async () => {
    const { host, sent, say, ready, initialized } = hosted();
    await host.teardown("none");
    say(ready);
    say(initialized);
    const torn = host.teardown("over");
    expect(sent.at(-1)).toMatchObject({ method: "ui/resource-teardown", params: { reason: "over" } });
    say({ jsonrpc: "2.0", id: sent.at(-1)?.id, result: {} });
    await torn;
  });
});

test("isSmall() counts texts, keys and values, and refuses what JSON does not have", () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(isSmall({ a: "k".repeat(60_000), b: [1, 2, { c: null }] })).toBe(true);
  for (const message of [
    "k".repeat(70_000),
    Array(70_000),
    { ["k".repeat(70_000)]: 1 },
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key ${index}`, 1])),
    new Map([[1, 2]]),
    { a: new Uint8Array(3) },
    circular,
    deep,
  ])
    expect(isSmall(message)).toBe(false);
});

test("appOfTool() returns addresses of apps alone", () => {
  expect(appOfTool({ _meta: { ui: { resourceUri: "ui://a/b" } } })).toBe("ui://a/b");
  expect(appOfTool({ _meta: { "ui/resourceUri": "ui://old" } })).toBe("ui://old");
  for (const definition of [
    undefined,
    null,
    {},
    { _meta: null },
    { _meta: { ui: { resourceUri: "https://a/" } } },
    { _meta: { ui: 7 } },
  ])
    expect(appOfTool(definition)).toBeUndefined();
});

test("appDocument() returns the HTML of an app, as text or base64, and throws an Error that says why a reply has no app", () => {
  const mimeType = "text/html; profile=mcp-app";
  const of = (part: object): string =>
    appDocument({ contents: [{ uri: "ui://a", mimeType, ...part }] }, "ui://a");
  expect(of({ text: "<p>ä" })).toBe("<p>ä");
  expect(of({ blob: Buffer.from("<p>ä").toString("base64") })).toBe("<p>ä");
  for (const part of [{ text: "ä".repeat(1_000_001) }, { blob: "A".repeat(2_700_000) }])
    expect(() => of(part)).toThrow(/too large to show here/);
  expect(() => of({ blob: "%" })).toThrow(/not base64/);
  expect(() => of({})).toThrow(/without contents/);
  expect(() => of({ text: " " })).toThrow(/is empty/);
  expect(() => of({ text: "<p>", mimeType: "text/html" })).toThrow(/is not an app/);
  for (const reply of [undefined, {}, { contents: [] }, { contents: [7] }])
    expect(() => appDocument(reply, "ui://a")).toThrow(/is not an app/);
});
