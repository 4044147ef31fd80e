import { describe, expect, it } from "vitest";
import { Attempts } from "../../../worker/access/attempts.ts";
import { bearer, gate, sha256 } from "./gate.ts";

describe("wrong tokens", () => {
  it("of one address are answered 429 after thirty in a minute, and a known token is let in all the same", async () => {
    const ask = gate({ TOKENS: [{ principal: "alice", sha256: await sha256("alice-token") }] });
    const from = (address: string, token: string) => ask({ ...bearer(token), "cf-connecting-ip": address });
    const seen: number[] = [];
    for (let guess = 0; guess < 35; guess++) seen.push((await from("203.0.113.7", `guess-${guess}`)).status);
    expect(seen).toEqual([...Array(30).fill(401), ...Array(5).fill(429)]);
    const refused = await from("203.0.113.7", "guess");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await from("203.0.113.7", "alice-token")).status).toBe(200);
    expect((await from("203.0.113.8", "guess")).status, "another address").toBe(401);
  });

  it("are forgiven after a minute", () => {
    const tokens = new Attempts(30);
    for (let count = 0; count < 30; count++) tokens.add("a", 1_000);
    expect(tokens.waitMs("a", 21_000)).toBe(40_000);
    expect(tokens.waitMs("a", 61_000)).toBe(0);
    tokens.add("a", 61_000);
    expect(tokens.waitMs("a", 61_000)).toBe(0);
  });

  it("are remembered of the latest ten thousand addresses", () => {
    const tokens = new Attempts(30);
    const guess = (address: string) => {
      for (let count = 0; count < 30; count++) tokens.add(address, 0);
    };
    guess("first");
    for (let address = 0; address < 10_000; address++) tokens.add(`${address}`, 0);
    expect(tokens.waitMs("first", 0)).toBe(0);
    guess("last");
    expect(tokens.waitMs("last", 0)).toBe(60_000);
  });
});
