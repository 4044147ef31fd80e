import { afterEach, expect, it, vi } from "vitest";
import { randomId } from "../../src/random-id.ts";

const webCrypto = globalThis.crypto;
const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => vi.unstubAllGlobals());

it("randomId() returns UUIDs of version 4 where there is no crypto.randomUUID, as on plain http:", () => {
  vi.stubGlobal("crypto", {
    getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => webCrypto.getRandomValues(bytes),
  });
  const made = new Set(Array.from({ length: 1_000 }, randomId));
  expect(made.size).toBe(1_000);
  for (const id of made) expect(id).toMatch(VERSION_4);
});

it("randomId() uses the platform's own where there is one", () => {
  const id = "36b8f84d-df4e-4d49-b662-bcde71a8764f";
  vi.stubGlobal("crypto", { randomUUID: () => id });
  expect(randomId()).toBe(id);
});
