import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, inject, test } from "vitest";
import { KEY } from "../../extension/manifest.ts";
import { Chromium, newProfile } from "../browser/chromium.ts";
import { SampleLab } from "../browser/sample-lab.ts";
import { until } from "../browser/until.ts";
import { EXTENSION_ID } from "../extension/test-build.ts";
import { blocksOf } from "./documents.ts";
import { ExampleApp } from "./example-app.ts";
import { ofKind } from "./snippet-runs.ts";

const SERVER = "https://papers.example/mcp";

const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "ESNext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: ["chrome"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  },
  files: ["background.ts", "popup.ts"],
};

const POPUP = `<!doctype html><html lang="en"><title>Papers</title><button>Acquire</button><script type="module" src="popup.js"></script></html>`;

/** The document's worker, popup and manifest, with the sample server in place of the one they name. */
function example(server: string): ReadonlyMap<string, string> {
  const code = new Map(blocksOf("docs/extension.md").map((block) => [block.place, block.code]));
  const files = ofKind("extension").map(([place, { file }]): [string, string] => [
    file,
    (code.get(place) ?? "").replaceAll(SERVER, server),
  ]);
  return new Map([...files, ["tsconfig.json", JSON.stringify(TSCONFIG)], ["popup.html", POPUP]]);
}

test("the document's extension, built and loaded as it stands: a popup has the paper, and the next one knows of it", async () => {
  const lab = new SampleLab();
  const server = `${inject("workerUrl")}/samples/${lab.name}/2026-07-28/mcp`;
  const files = example(server);
  const app = await ExampleApp.of({
    name: "extension",
    files,
    packages: ["holdfast", "typescript", "@types/chrome", "@types/filesystem", "@types/har-format"],
  });
  const profile = await newProfile();
  const dist = join(app.folder, "dist");
  await mkdir(dist);
  let chromium: Chromium | undefined;
  try {
    expect(await app.typeErrors()).toBe("");
    await build({
      absWorkingDir: app.folder,
      entryPoints: ["background.ts", "popup.ts"],
      bundle: true,
      format: "esm",
      target: "es2023",
      outdir: dist,
    });
    // Nobody can press the button in the browser's own question: the permission it would give is there already.
    const manifest = {
      ...JSON.parse(files.get("manifest.json") ?? ""),
      key: KEY,
      host_permissions: ["http://127.0.0.1/*"],
    };
    await writeFile(
      join(dist, "manifest.json"),
      JSON.stringify(manifest).replaceAll("https://papers.example/*", "http://127.0.0.1/*"),
    );
    await writeFile(join(dist, "popup.html"), POPUP);
    const started = await Chromium.start(profile.path, [
      `--load-extension=${dist}`,
      `--disable-extensions-except=${dist}`,
    ]);
    chromium = started;
    const popup = `chrome-extension://${EXTENSION_ID}/popup.html`;
    const first = await started.context.newPage();
    await until("the extension is loaded", () =>
      first.goto(popup).then(
        () => true,
        () => undefined,
      ),
    );
    const said: string[] = [];
    first.on("console", async (message) => said.push(JSON.stringify(await message.args()[0]?.jsonValue())));
    await first.getByRole("button").click();
    await until("the popup has the paper", () =>
      said.find((line) => /Acquired \\".+\\" \(10\.1038/.test(line)),
    );
    expect(await lab.count("tools/call")).toBe(1);

    const second = await started.context.newPage();
    const listed = second.waitForEvent("console");
    await second.goto(popup);
    expect((await listed).text()).toBe("acquire_paper completed");
  } finally {
    await chromium?.kill();
    await Promise.all([app.remove(), profile.remove()]);
  }
});
