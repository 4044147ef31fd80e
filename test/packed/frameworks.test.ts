import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { STAGES } from "../browser/random-moment.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { examplesIn } from "../examples/guide.ts";
import { withArguments } from "../examples/with-arguments.ts";
import { serveFolder } from "../servers/static-server.ts";
import packages from "./packages.json" with { type: "json" };
import { PackedApp } from "./packed-app.ts";
import { Tarball } from "./tarball.ts";

const EXAMPLES = new Map([...examplesIn("docs/embedding.md"), ...examplesIn("docs/frameworks.md")]);
const UNDER_WAY = new RegExp(STAGES.join("|"));
const at = testBrowser({ quiet: true });
let tarball: Tarball;

beforeAll(() => {
  tarball = new Tarball();
});
afterAll(() => tarball.remove());

test.each(["react-18", "react-19", "vue", "svelte", "solid"] as const)(
  "an app in %s, built by Vite from the tarball, has its task after a reload under a strict policy",
  async (name) => {
    const example = EXAMPLES.get(name.replace(/-\d+$/, ""));
    const app = await PackedApp.of(tarball.path, packages[name], Object.fromEntries(example?.files ?? []));
    const built = await app.node("node_modules/vite/bin/vite.js", ["build", "--logLevel", "warn"]);
    const warnings = built.said.match(/\[[A-Z_]+\]|\(!\).*/g) ?? [];
    // docs/frameworks.md names the one of React: what Next.js needs, Vite warns of.
    expect(warnings, built.said).toEqual(name.startsWith("react") ? ["[MODULE_LEVEL_DIRECTIVE]"] : []);
    expect(built.ok).toBe(true);
    const worker = inject("workerUrl");
    const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${worker}`;
    const served = await serveFolder(join(app.folder, "dist"), { "content-security-policy": policy });
    try {
      await at.browser.clearStorage(served.url);
      const page = await at.browser.context.newPage();
      await withArguments(page, { stage_ms: 1_500 });
      const server = `${worker}/samples/${at.lab.name}/2026-07-28/mcp`;
      await page.goto(`${served.url}?server=${encodeURIComponent(server)}`);
      await page.getByRole("button", { name: "Acquire" }).click();
      await page.locator("li", { hasText: UNDER_WAY }).waitFor();
      await page.reload();
      await page.locator("li", { hasText: 'Acquired "' }).waitFor();
      expect(await at.lab.count("tools/call")).toBe(1);
      await page.close();
    } finally {
      await served.close();
      app.remove();
    }
  },
);
