import { expect, it } from "vitest";
import { fromUrl } from "../../../src/channel/http.ts";

it("a connector's address, which is stored, has nothing of the query in it, and differs with it", () => {
  const [one, two, none] = ["?key=secret-1", "?key=secret-2", ""].map(
    (query) => fromUrl(`https://papers.example/mcp${query}`).address ?? "",
  );
  expect(none).toBe("https://papers.example/mcp");
  for (const address of [one, two]) expect(address).toMatch(/^https:\/\/papers\.example\/mcp\?0?\.?\d+$/);
  expect(one).not.toBe(two);
  expect(fromUrl("https://papers.example/mcp?key=secret-1#part").address).toBe(one);
});
