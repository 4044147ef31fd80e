import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const DIST = join(import.meta.dirname, "../../web/dist");

test("what the console weighs", async () => {
  const page = await readFile(join(DIST, "index.html"), "utf8");
  const sums = { first: 0, later: 0 };
  for (const name of await readdir(join(DIST, "assets"))) {
    const text = await readFile(join(DIST, "assets", name));
    const size = gzipSync(text, { level: 9 }).length;
    sums[page.includes(name) ? "first" : "later"] += size;
    // Code made of strings is what the page's policy and extensions forbid.
    expect(text.toString(), name).not.toMatch(/\bnew Function\(|[^\w.]eval\(/);
  }
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(
    `The console, gzipped: ${kb(sums.first)} before it shows anything, ${kb(sums.later)} when a form or Markdown is shown`,
  );
  expect(sums.first).toBeLessThan(320_000);
});
