import { pathToFileURL } from "node:url";

// Runs programs one after another, and writes which failed: `node run-programs.mjs <place> <file>…`.
const [, , place, ...files] = process.argv;
if (place !== "node") {
  const { JSDOM } = await import("jsdom");
  const { window } = new JSDOM("<!doctype html><body></body>", { url: "https://app.example/" });
  const { document, Element, HTMLElement, SVGElement, Node, Event, DocumentFragment, Text, Comment } = window;
  const page = {
    window,
    document,
    Element,
    HTMLElement,
    SVGElement,
    Node,
    Event,
    DocumentFragment,
    Text,
    Comment,
  };
  for (const [name, value] of Object.entries(page))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
await import("fake-indexeddb/auto");
const failures = {};
let current = "";
const failed = (error) => {
  failures[current] ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
};
process.on("uncaughtException", failed);
process.on("unhandledRejection", failed);
for (const file of files) {
  current = file;
  try {
    const late = new Promise((_resolve, reject) =>
      setTimeout(() => reject(new Error("It did not end")), 20_000).unref(),
    );
    await Promise.race([import(pathToFileURL(file).href), late]);
  } catch (error) {
    failed(error);
  }
}
// Failures that come a turn later.
await new Promise((resolve) => setTimeout(resolve, 100));
process.stdout.write(`\n${JSON.stringify(failures)}\n`, () => process.exit());
