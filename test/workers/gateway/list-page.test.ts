import type { JsonObject } from "holdfast";
import { describe, expect, test } from "vitest";
import { RpcError } from "../../../front/rpc-error.ts";
import { PAGE_LENGTH, pageOf } from "../../../worker/gateway/list-page.ts";
import { RESOURCES, TOOLS } from "../../../worker/gateway/lists.ts";

interface Page {
  readonly tools: readonly JsonObject[];
  readonly nextCursor?: string;
}

/** Tools of about a tenth of a page each. */
function tools(...names: readonly string[]): readonly JsonObject[] {
  return names.map((name) => ({ name, description: "x".repeat(PAGE_LENGTH / 10) }));
}

function page(entries: readonly JsonObject[], cursor?: unknown): Page {
  return pageOf(TOOLS, entries, cursor) as unknown as Page;
}

const namesOn = ({ tools: listed }: Page) => listed.map(({ name }) => name);
const LETTERS = "abcdefghijklmnopqrstuvwxyz".split("");

describe("pageOf()", () => {
  test("has all that fits on the first page, and then no cursor", () => {
    const all = Array.from({ length: 900 }, (_, index) => ({
      name: `tool_${index}`,
      description: "x".repeat(1_000),
    }));
    expect(page(all)).toEqual({ tools: all });
    expect(page([])).toEqual({ tools: [] });
  });

  test("has every entry once, in order, on pages of bounded length", () => {
    const all = tools(...LETTERS);
    const seen: unknown[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const one = page(all, cursor);
      expect(JSON.stringify(one.tools).length).toBeLessThan(PAGE_LENGTH + 100);
      seen.push(...namesOn(one));
      cursor = one.nextCursor;
      pages++;
    } while (cursor !== undefined);
    expect(seen).toEqual(LETTERS);
    expect(pages).toBe(3);
  });

  test("has one entry at least, however long it is", () => {
    const long = { name: "long", description: "x".repeat(2 * PAGE_LENGTH) };
    const first = page([long, ...tools("a")]);
    expect(namesOn(first)).toEqual(["long"]);
    expect(namesOn(page([long, ...tools("a")], first.nextCursor))).toEqual(["a"]);
  });

  test("goes on behind its last entry where entries have come or gone before it", () => {
    const { nextCursor } = page(tools(...LETTERS));
    const [first] = namesOn(page(tools(...LETTERS), nextCursor));
    for (const names of [["new", ...LETTERS], LETTERS.slice(3)])
      expect(namesOn(page(tools(...names), nextCursor))[0]).toBe(first);
  });

  test("skips nothing where its last entry is gone", () => {
    const one = page(tools(...LETTERS));
    const last = namesOn(one).at(-1);
    const rest = page(tools(...LETTERS.filter((name) => name !== last)), one.nextCursor);
    expect(namesOn(rest)[0]).toBe(namesOn(page(tools(...LETTERS), one.nextCursor))[0]);
  });

  test("is empty where the list has shrunk below it", () => {
    expect(page([], page(tools(...LETTERS)).nextCursor)).toEqual({ tools: [] });
  });

  test("takes keys of any text", () => {
    const entries = [..."🌊é\u0000"].map((text) => ({ uri: `${text}${"x".repeat(PAGE_LENGTH)}` }));
    const first = pageOf(RESOURCES, entries, undefined);
    expect(pageOf(RESOURCES, entries, first.nextCursor).resources).toEqual([entries[1]]);
  });

  test.each([
    "",
    "nonsense",
    "AAAA",
    7,
    null,
    {},
    btoa("[0,%22a%22]"),
    btoa("[-1,%22a%22]"),
    btoa("[1.5,%22a%22]"),
    btoa("[1]"),
    btoa("null"),
    btoa("%"),
  ])("refuses the cursor %j with -32602", (cursor) => {
    try {
      page(tools("a"), cursor);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RpcError);
      expect((error as RpcError).code).toBe(-32602);
    }
  });
});
