import type { Page } from "playwright-core";
import { interleaved, type Measured } from "../../interleaved.ts";
import { type BenchBrowser, benchBrowser } from "../../pages/bench-browser.ts";
import { pageScript } from "../../pages/page-script.ts";
import type { Row, Section } from "../../row.ts";
import { median } from "../../statistics.ts";

const ROUNDS = 12;

/** What an app that makes one call and resumes has in its bundle. The names are globals, so that no bundler drops them. */
const BUNDLES: Readonly<Record<string, string>> = {
  "Holdfast, IndexedDB, v1 SDK's transport": `
    export { TaskClient } from "holdfast"; export { indexedDbStore } from "holdfast/indexeddb";
    export { fromUrl } from "holdfast/sdk-v1";`,
  "Holdfast, IndexedDB, v2 SDK's transport": `
    export { TaskClient } from "holdfast"; export { indexedDbStore } from "holdfast/indexeddb";
    export { fromUrl } from "holdfast/sdk-v2";`,
  "ext-tasks + v2 Client": `
    export { createTaskSessionFromClient } from "@modelcontextprotocol/ext-tasks/client";
    export { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";`,
  "v1 Client": `
    export { Client } from "@modelcontextprotocol/sdk/client/index.js";
    export { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";`,
};

export const startUp: Section = {
  id: "start-up",
  title: "Start-up of the bundle, in Chromium",
  async *run({ note }) {
    const scripts = await Promise.all(
      Object.values(BUNDLES).map((source, index) => pageScript(source, `bundle${index}`)),
    );
    const files = Object.fromEntries(scripts.map((script, index) => [`bundle-${index}.js`, script]));
    yield* benchBrowser({ ...files, "empty.js": "" }, async function* (at) {
      note("in a page");
      yield {
        ...FRAME,
        id: "start-up-page",
        title: "Compiling and evaluating the bundle in a page",
        points: await interleaved(
          ROUNDS,
          subjects((file) => inPage(at, file)),
        ),
        notes: [
          "The script is in the page already; it is run as a new script, so that nothing is compiled before.",
        ],
      };
      note("in a service worker");
      const [nothing] = await interleaved(ROUNDS, [{ subject: "", sample: () => inWorker(at, "empty.js") }]);
      yield {
        ...FRAME,
        id: "start-up-worker",
        title: "Loading, compiling and evaluating the bundle in a new service worker",
        points: await interleaved(
          ROUNDS,
          subjects((file) => inWorker(at, file)),
        ),
        notes: [
          `\`importScripts\` from a server on the same machine; an empty script takes ${median(nothing?.samples ?? []).toFixed(1)} ms.`,
        ],
      };
    });
  },
};

const FRAME = { unit: "ms", better: "less" } as const satisfies Partial<Row>;

function subjects(sample: (file: string) => Promise<number>): readonly Measured[] {
  return Object.keys(BUNDLES).map((subject, index) => ({
    subject,
    sample: () => sample(`bundle-${index}.js`),
  }));
}

function inPage(at: BenchBrowser, file: string): Promise<number> {
  return at.inPage(undefined, (page) =>
    page.evaluate(async (name) => {
      const code = await (await fetch(`/${name}`)).text();
      const element = document.createElement("script");
      // Not the text of another page: a script that was seen before may be cached compiled.
      element.textContent = `/* ${crypto.randomUUID()} */${code}`;
      const began = performance.now();
      document.head.append(element);
      return performance.now() - began;
    }, file),
  );
}

function inWorker(at: BenchBrowser, file: string): Promise<number> {
  return at.inPage(undefined, (page) => evaluationInWorker(page, file));
}

function evaluationInWorker(page: Page, file: string): Promise<number> {
  return page.evaluate(async (bundle) => {
    const script = `/worker.js?bundle=${bundle}&is=${crypto.randomUUID()}`;
    const registration = await navigator.serviceWorker.register(script, { updateViaCache: "none" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    if (!worker) throw new Error("No worker was made");
    const { port1, port2 } = new MessageChannel();
    const took = new Promise<number>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    worker.postMessage(null, [port2]);
    const ms = await took;
    await registration.unregister();
    return ms;
  }, file);
}
