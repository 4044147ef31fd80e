import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENTRIES } from "../../site/entries.ts";
import { ROOT } from "../examples/documents.ts";
import { type ExportedFunction, exportedNames } from "./exported-functions.ts";

/** Where a program runs: Node, or Node with the document of jsdom. Solid has a build of its own for each. */
export type Place = "node" | "page" | "solid-page";

/** An example as a program: itself, and imports of the names that it takes for granted. */
export interface ExampleProgram {
  readonly title: string;
  readonly file: string;
  readonly code: string;
  readonly place: Place;
}

interface Lab {
  /** Under test/api/labs: exports what the examples of an entry take for granted. */
  readonly file: string;
  readonly place?: Place;
  /** Examples are the body of a component: `show` of the lab runs them. */
  readonly inComponent?: boolean;
}

const TASKS: Lab = { file: "tasks.ts" };

/** By entry, or by entry and function. */
const LABS: Readonly<Record<string, Lab>> = {
  "holdfast/sqlite": { file: "databases.ts" },
  "holdfast/postgres": { file: "databases.ts" },
  "holdfast/redis": { file: "databases.ts" },
  "holdfast/d1": { file: "databases.ts" },
  "holdfast/leases": { file: "databases.ts" },
  "holdfast/inbox": { file: "inbox.ts" },
  "holdfast/durable-object callLent": { file: "durable-objects.ts" },
  "holdfast/extension/page": { file: "pages.ts" },
  "holdfast/remote": { file: "pages.ts" },
  "holdfast/push": { file: "pages.ts" },
  "holdfast/observe": { file: "observe.ts" },
  "holdfast/agent": { file: "agents.ts" },
  "holdfast/agent failureResult": { file: "failed.ts" },
  "holdfast/agent waitWithin": { file: "failed.ts" },
  "holdfast/agent/ai-sdk": { file: "ai-sdk.ts" },
  "holdfast/agent/ai-sdk aiSdk6Tools": { file: "ai-sdk-6.ts" },
  "holdfast/agent/ai-sdk-chat": { file: "ai-sdk-chat.ts" },
  "holdfast/agent/anthropic": { file: "anthropic.ts" },
  "holdfast/agent/openai": { file: "openai.ts" },
  "holdfast/agent/langchain": { file: "agent-frameworks.ts" },
  "holdfast/agent/openai-agents": { file: "agent-frameworks.ts" },
  "holdfast/agent/mastra": { file: "mastra.ts" },
  "holdfast/agent/tanstack-ai": { file: "tanstack.ts" },
  "holdfast/react": { file: "react.tsx", place: "page", inComponent: true },
  "holdfast/react TaskClientProvider": { file: "react.tsx", place: "page" },
  "holdfast/vue": { file: "vue.ts", place: "page", inComponent: true },
  "holdfast/vue taskClient": { file: "vue.ts", place: "page" },
  "holdfast/svelte": { file: "svelte.ts", inComponent: true },
  "holdfast/solid": { file: "solid.ts", place: "solid-page", inComponent: true },
  "holdfast/solid TaskClientProvider": { file: "solid.ts", place: "solid-page" },
  "holdfast/pairs": { file: "pairs.ts" },
  "holdfast/testing": { file: "testing.ts" },
  "holdfast/transport": { file: "transports.ts" },
  "holdfast/oauth": { file: "sign-in.ts" },
  "holdfast/sdk-v1": { file: "sdk-v1.ts" },
  "holdfast/sdk-v2": { file: "sdk-v2.ts" },
};

/** By name, the first entry that exports it. */
const EXPORTED: ReadonlyMap<string, string> = new Map(
  [...ENTRIES]
    .reverse()
    .flatMap(({ specifier, source }) =>
      exportedNames(readFileSync(join(ROOT, source), "utf8")).map((name) => [name, specifier] as const),
    ),
);

export function programOf({ specifier, name, example = "" }: ExportedFunction): ExampleProgram {
  const lab = LABS[`${specifier} ${name}`] ?? LABS[specifier] ?? TASKS;
  const hoisted = example.match(/^import .*;$/gm) ?? [];
  const body = example.replace(/^import .*;$/gm, "").trim();
  const taken = new Set(labNames(lab.file));
  const declared = declaredIn(example);
  const imports = [...identifiersIn(body)]
    .filter((identifier) => !declared.has(identifier))
    .flatMap((identifier) => {
      if (identifier === name) return [importOf(name, specifier)];
      if (taken.has(identifier)) return [importOf(identifier, `../../test/api/labs/${lab.file}`)];
      const from = EXPORTED.get(identifier);
      return from === undefined ? [] : [importOf(identifier, from)];
    });
  const shows = lab.inComponent ? [importOf("show", `../../test/api/labs/${lab.file}`)] : [];
  // Also for what it puts in the place of the network and of the browser.
  const whole = `import "../../test/api/labs/${lab.file}";`;
  const pragma = lab.place === "solid-page" ? ["/** @jsxImportSource solid-js */"] : [];
  const run = lab.inComponent ? `await show(() => {\n${body}\n});` : `{\n${body}\n}`;
  return {
    title: `${specifier} ${name}`,
    file: `${specifier.replaceAll("/", "-")}-${name}.tsx`,
    code: [...pragma, ...hoisted, whole, ...imports, ...shows, run, "export {};", ""].join("\n"),
    place: lab.place ?? "node",
  };
}

function importOf(name: string, from: string): string {
  return `import { ${name} } from "${from}";`;
}

/** What a lab exports, and what it exports of another. */
function labNames(file: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "labs", file), "utf8");
  const listed = [...text.matchAll(/^export (?:const )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    names.split(",").map((part) => part.trim().split(" as ").at(-1) ?? ""),
  );
  const declared = [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)];
  const others = [...text.matchAll(/^export \* from "\.\/(.*)"/gm)].flatMap(([, other = ""]) =>
    labNames(other),
  );
  return [...others, ...listed, ...declared.map(([, name = ""]) => name)];
}

/** The names that code uses, those in strings and comments left out. */
function identifiersIn(code: string): ReadonlySet<string> {
  const plain = code.replace(/"[^"\n]*"|'[^'\n]*'/g, '""').replace(/\/\/.*$/gm, "");
  return new Set(plain.match(/(?<![.\w])[A-Za-z_$][\w$]*\b/g) ?? []);
}

function declaredIn(code: string): ReadonlySet<string> {
  const names = [...code.matchAll(/\b(?:const|let|import) (?:\{([^}]*)\}|(\w+))/g)].flatMap(
    ([, pattern, name = ""]) =>
      pattern === undefined
        ? [name]
        : pattern.split(",").map(
            (part) =>
              part
                .split(/ as |:/)
                .at(-1)
                ?.trim() ?? "",
          ),
  );
  return new Set(names);
}
