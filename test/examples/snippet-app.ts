import type { Example } from "./guide.ts";
import type { ProgramRun } from "./snippet-runs.ts";

const PAGE = `<!doctype html><html lang="en"><title>A snippet</title><main></main><script type="module" src="./main.tsx"></script></html>`;

/** The types of the place where a snippet runs. */
const PLACES: Readonly<Record<ProgramRun["kind"], object>> = {
  page: { lib: ["ES2023", "DOM", "DOM.Iterable"], types: [] },
  process: { lib: ["ES2023", "DOM", "DOM.Iterable"], types: ["node"] },
  worker: { lib: ["ES2023"], types: ["@cloudflare/workers-types"] },
};

/** A snippet as an app: itself, what its run adds to it, and addresses of real servers in place of those it names. */
export function appOf(code: string, run: ProgramRun, addresses: Readonly<Record<string, string>>): Example {
  const whole = `${run.before}\n${code}\n${run.after}\nexport {};\n`;
  const placed = Object.entries(addresses).reduce(
    (text, [written, real]) => text.replaceAll(written, real),
    whole,
  );
  const main = run.kind === "page" ? "main.tsx" : "main.ts";
  return {
    name: run.kind,
    files: new Map([
      [main, placed],
      ["index.html", PAGE],
      ["tsconfig.json", tsconfig(run.kind, main)],
      ["wrangler.toml", WRANGLER],
    ]),
    packages: packagesOf(whole, run.kind),
  };
}

function tsconfig(kind: ProgramRun["kind"], main: string): string {
  return JSON.stringify({
    compilerOptions: {
      target: "ES2023",
      module: "ESNext",
      moduleResolution: "bundler",
      jsx: "react-jsx",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
      ...PLACES[kind],
    },
    files: [main],
  });
}

const WRANGLER = `
name = "snippet"
main = "main.ts"
compatibility_date = "2026-08-15"
compatibility_flags = ["no_nodejs_compat", "no_nodejs_compat_v2"]
[[durable_objects.bindings]]
name = "SHOWN"
class_name = "Shown"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Shown"]
`;

function packagesOf(code: string, kind: ProgramRun["kind"]): readonly string[] {
  const imported = [...code.matchAll(/from "((?:@[^/"]+\/)?[^/":]+)(?:\/[^"]*)?"/g)].map(
    ([, name = ""]) => name,
  );
  const types = {
    page: ["@types/react", "@types/react-dom", "react"],
    process: ["@types/node"],
    worker: ["@cloudflare/workers-types"],
  };
  return [
    ...new Set([
      "holdfast",
      "typescript",
      ...imported.filter((name) => name !== "cloudflare"),
      ...types[kind],
    ]),
  ];
}
