import { env } from "cloudflare:workers";
import type { JsonObject, ToolResult } from "holdfast";
import { describe, expect, test } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import type { ClientLimits } from "../../../worker/config/gateway.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { fittedResult } from "../../../worker/gateway/results/fitted-result.ts";
import { endOfPart, sizeLimitOf } from "../../../worker/gateway/results/size-limit.ts";
import { LegacyClient } from "./legacy-client.ts";

const LIMIT = 4_000;

const text = (words: string) => ({ type: "text", text: words });

function fitted(
  result: ToolResult,
  limits: ClientLimits = { resultLength: LIMIT },
  more: object = {},
): ToolResult {
  const vars = { ...(env as unknown as Bindings), GATEWAY: { clients: { short: limits }, ...more } };
  const caller = Caller.of(vars, "alice", { name: "papers" }, "https://holdfast.test").servedTo("short");
  return fittedResult(caller, "papers.0.x", result);
}

describe("endOfPart()", () => {
  test.each([
    ["letters", "kelp".repeat(5_000)],
    ["characters that JSON escapes", '"\\\n\u0001'.repeat(5_000)],
    ["pairs of surrogates", "🌊".repeat(5_000)],
    ["Chinese", "海带".repeat(5_000)],
    ["halves of pairs", "\ud83c".repeat(5_000)],
  ])("cuts %s into parts within the limit that give the whole text", (_kind, whole) => {
    for (const limits of [{ resultLength: LIMIT }, { resultTokens: LIMIT }]) {
      const limit = sizeLimitOf(limits) ?? { length: 0, bytes: 0 };
      let from = 0;
      let read = "";
      while (from < whole.length) {
        const part = whole.slice(from, endOfPart(whole, from, limit));
        const json = JSON.stringify(part).slice(1, -1);
        expect(json.length).toBeLessThanOrEqual(limit.length);
        expect(new TextEncoder().encode(json).byteLength).toBeLessThanOrEqual(limit.bytes);
        expect(part).not.toBe("");
        read += part;
        from += part.length;
      }
      expect(read).toBe(whole);
    }
  });
});

describe("fittedResult()", () => {
  const long = text("kelp ".repeat(2_000));

  test("returns a result unchanged if it fits the client's limit, or if the client has none", () => {
    const short = { content: [text("kelp")], structuredContent: { of: 1 } };
    expect(fitted(short)).toBe(short);
    const result = { content: [long] };
    expect(fitted(result, {})).toBe(result);
    expect(fitted(result, { resultLength: LIMIT }, { companions: false })).toBe(result);
  });

  test("gives the beginning, a note and a link within the limit, and keeps that it is an error", () => {
    const cut = fitted({ content: [long], isError: true, _meta: { of: "kelp ".repeat(2_000) } });
    expect(JSON.stringify(cut).length).toBeLessThanOrEqual(LIMIT);
    expect(cut).toMatchObject({
      isError: true,
      content: [
        { text: expect.stringMatching(/^kelp kelp/) },
        { text: expect.stringContaining("read_result") },
        { type: "resource_link", uri: "holdfast://results/papers.0.x" },
      ],
    });
  });

  test("brings small pictures along, and describes large ones", () => {
    const picture = (length: number) => ({ type: "image", data: "A".repeat(length), mimeType: "image/png" });
    const cut = fitted({ content: [picture(400), picture(9_000), long] });
    expect(JSON.stringify(cut).length).toBeLessThanOrEqual(LIMIT);
    expect(cut.content.filter(({ type }) => type === "image")).toEqual([picture(400)]);
    expect(cut.content[0]?.text).toContain("[image/png, 9000 characters of base64]");
  });

  test("cuts structured content that no text holds", () => {
    const cut = fitted({ content: [], structuredContent: { kelp: "k".repeat(9_000) } });
    expect(cut.content[0]?.text).toContain('{"kelp":"kkk');
    expect(cut.structuredContent).toMatchObject({ task: "papers.0.x", offset: 0, length: 9_011 });
  });
});

describe("read_result", () => {
  const vars = { GATEWAY: { clients: { short: { resultLength: LIMIT } } } };
  const principal = `p-${crypto.randomUUID()}`;
  const short = new LegacyClient({ principal, endpoint: "sample-2025", name: "short", vars });
  const words = Array.from({ length: 1_500 }, (_, index) => `word ${index}.`).join(" ");

  async function call(name: string, args: JsonObject): Promise<ToolResult> {
    const result = await short.call(name, args);
    if (!result) throw new Error("No result");
    expect(JSON.stringify(result).length).toBeLessThanOrEqual(LIMIT);
    return result;
  }

  async function longEcho(): Promise<string> {
    const { structuredContent } = await call("slow_echo", { text: words, ms: 0 });
    return String((structuredContent as JsonObject).task);
  }

  test("reads each part of a result, of the caller's own tasks alone", async () => {
    const task = await longEcho();
    let read = "";
    while (read.length < words.length) {
      const { content } = await call("read_result", { task, offset: read.length });
      read += content[0]?.text;
    }
    expect(read).toBe(words);
    const bob = new LegacyClient({ principal: "bob", endpoint: "sample-2025", name: "short", vars });
    const foreign = await bob.call("read_result", { task });
    expect(JSON.stringify(foreign)).toContain("There is no task");
    await expect(bob.request("resources/read", { uri: `holdfast://results/${task}` })).rejects.toThrow(
      "No server",
    );
  });

  test("finds a text from an offset on, a few places at a time", async () => {
    const task = await longEcho();
    const places = await call("read_result", { task, search: "WORD 77" });
    const { found } = places.structuredContent as { found: number[] };
    expect(found.every((offset) => words.startsWith("word 77", offset))).toBe(true);
    expect(found.length).toBeGreaterThan(2);
    const last = (found.at(-1) ?? 0) + 1;
    const further = await call("read_result", { task, search: "word 77", offset: last });
    expect((further.structuredContent as { found: number[] }).found[0]).toBe(words.indexOf("word 77", last));
    expect(JSON.stringify(await call("read_result", { task, search: "(no such" }))).toContain(
      "was not found",
    );
  });

  test("says what is wrong with an offset", async () => {
    const task = await longEcho();
    const refused = await call("read_result", { task, offset: 99_999_999 });
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused.content)).toContain(`0 to ${words.length}`);
  });

  test("is listed for clients with a limit, with their results as resources", async () => {
    const names = async (client: LegacyClient) =>
      ((await client.request("tools/list", {})) as { tools: JsonObject[] }).tools.map(({ name }) => name);
    expect(await names(short)).toContain("read_result");
    expect(await names(new LegacyClient({ principal, endpoint: "sample-2025" }))).not.toContain(
      "read_result",
    );
    expect(await short.request("resources/list", {})).toEqual({ resources: [] });
    const uri = `holdfast://results/${await longEcho()}`;
    const { contents } = (await short.request("resources/read", { uri })) as { contents: JsonObject[] };
    expect(contents).toEqual([{ uri, mimeType: "text/plain", text: words }]);
  });
});
