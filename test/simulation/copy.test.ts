import { expect, it } from "vitest";
import { copy, wireCopy } from "./copy.ts";

it("wireCopy() copies what JSON.parse(JSON.stringify()) does", () => {
  const inner = { b: [1, undefined, null, () => 1, Number.NaN], c: undefined, d: () => 1 };
  const message = { jsonrpc: "2.0", id: 1, params: { inner, again: inner, text: "\u0000\ud800" } };
  const copied = wireCopy(message);
  expect(copied).toStrictEqual(JSON.parse(JSON.stringify(message)));
  expect(copied.params.inner).not.toBe(inner);
});

it("copy() and wireCopy() refuse cycles and class instances", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const copier of [copy, wireCopy]) {
    expect(() => copier(cycle)).toThrow("cycles");
    expect(() => copier(new Date(0))).toThrow("not plain data");
  }
});
