import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { findStringEvaluation } from "../bundle/string-evaluation.ts";
import { BUILT } from "./test-build.ts";
import { zipEntries } from "./zip-entries.ts";

const require = createRequire(import.meta.url);

/** Of the worker, minified and gzipped, in bytes: it has the whole library, what renews tokens, and no SDK. */
const WORKER_BUDGET = 59_000;

async function scripts(): Promise<readonly string[]> {
  const names = await readdir(BUILT, { recursive: true });
  return names.filter((name) => name.endsWith(".js"));
}

test("the manifest asks for no host, and for nothing that is not used", async () => {
  const manifest = JSON.parse(await readFile(join(BUILT, "manifest.json"), "utf8")) as {
    readonly permissions: readonly string[];
    readonly [field: string]: unknown;
  };
  expect(manifest.host_permissions).toBeUndefined();
  expect(manifest.content_scripts).toBeUndefined();
  expect(manifest.content_security_policy).toBeUndefined();
  const code = (
    await Promise.all((await scripts()).map((name) => readFile(join(BUILT, name), "utf8")))
  ).join();
  // `activeTab` is used by what `scripting` does.
  const used = manifest.permissions.filter(
    (name) => name === "activeTab" || new RegExp(`\\b${name}\\b`).test(code),
  );
  expect(used).toEqual(manifest.permissions);
});

test("no script evaluates strings as code, and the worker is one file", async () => {
  for (const name of await scripts()) {
    const code = await readFile(join(BUILT, name), "utf8");
    expect(findStringEvaluation(code), name).toEqual([]);
    if (name === "background.js") expect(code).not.toMatch(/\bimport\s*\(/);
  }
});

test("what it weighs", async () => {
  const worker = await readFile(join(BUILT, "background.js"));
  const gzipped = gzipSync(worker, { level: 9 }).length;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-archive-"));
  const webExt = join(dirname(require.resolve("web-ext")), "bin/web-ext.js");
  spawnSync(process.execPath, [webExt, "build", "--source-dir", BUILT, "--artifacts-dir", folder]);
  const [archive = ""] = await readdir(folder);
  const { size } = await stat(join(folder, archive));
  await rm(folder, { recursive: true });
  console.log(
    `The extension: ${size} bytes as an archive; its worker ${worker.length} minified, ${gzipped} minified and gzipped`,
  );
  expect(gzipped).toBeGreaterThan(20_000);
  expect(gzipped).toBeLessThan(WORKER_BUDGET);
  expect(size).toBeLessThan(600_000);
});

test("the archive for the stores has no key, no remote code, and every file that its manifest and pages name", async () => {
  const { status } = spawnSync(process.execPath, [join(BUILT, "../pack.ts")], { stdio: "ignore" });
  expect(status).toBe(0);
  const { version } = JSON.parse(await readFile(join(BUILT, "manifest.json"), "utf8")) as { version: string };
  const archive = await readFile(join(BUILT, `../../results/holdfast-${version}.zip`));
  const files = zipEntries(archive);
  const text = (name: string): string => files.get(name)?.toString("utf8") ?? "";
  const manifest = JSON.parse(text("manifest.json")) as Readonly<Record<string, unknown>>;
  expect(manifest).not.toHaveProperty("key");
  // Manifest V3's own policy applies, which lets no script in from elsewhere.
  expect(manifest).not.toHaveProperty("content_security_policy");
  expect(manifest).not.toHaveProperty("update_url");
  expect(String(manifest.description).length).toBeLessThanOrEqual(132);
  const pages = [...files.keys()].filter((name) => name.endsWith(".html"));
  expect(pages.sort()).toEqual(["options.html", "panel.html", "popup.html"]);
  const named = [
    ...JSON.stringify(manifest).matchAll(/"([\w./-]+\.(?:png|html|js))"/g),
    ...pages.flatMap((page) => [...text(page).matchAll(/(?:src|href)="([^"]+)"/g)]),
  ].map(([, path = ""]) => path.replace(/^\.?\//, ""));
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((path) => !files.has(path))).toEqual([]);
  for (const [size, icon] of Object.entries(manifest.icons as Readonly<Record<string, string>>)) {
    const picture = files.get(icon);
    expect([picture?.readUInt32BE(16), picture?.readUInt32BE(20)], icon).toEqual([
      Number(size),
      Number(size),
    ]);
  }
  for (const [name, content] of files) {
    if (!/\.(?:js|html)$/.test(name)) continue;
    expect(content.toString("utf8"), name).not.toMatch(
      /<script[^>]+src="(?:https?:)?\/\/|importScripts\(|import\(["'`]https?:/,
    );
    expect(name, "source maps and sources stay out").not.toMatch(/\.(?:map|tsx?)$/);
  }
});
