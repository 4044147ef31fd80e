import "./request-body.ts";
// Before vitest, which reads it when it is loaded.
import "./vitest-state.ts";
import { startTests } from "vitest/internal/browser";
import { config } from "./vitest-state.ts";

/** What a run of test files came to, in whatever place. */
export interface Report {
  /** What the place calls itself. */
  readonly agent: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
}

/** Test files by their path, as a bundle holds them. */
export type TestFiles = Readonly<Record<string, () => Promise<unknown>>>;

interface Ran {
  readonly type: string;
  readonly name: string;
  readonly result?: {
    readonly state?: string;
    readonly errors?: readonly { readonly message: string; readonly stack?: string }[];
  };
  readonly tasks?: readonly Ran[];
}

/** Runs vitest's test files without a vitest around them: in a page, a worker, or another runtime. */
export async function runSuite(files: TestFiles): Promise<Report> {
  const runner = { config, pool: "browser", importFile: (path: string) => files[path]?.() };
  const ran = (await startTests(Object.keys(files), runner as never)) as unknown as readonly Ran[];
  let [passed, skipped] = [0, 0];
  const failures: string[] = [];
  const walk = ({ type, name, result, tasks = [] }: Ran, path: readonly string[]): void => {
    const full = [...path, name];
    const { state, errors = [] } = result ?? {};
    if (type === "test" && state === "pass") passed++;
    else if (type === "test" && state !== "fail") skipped++;
    else if (errors.length > 0 || (type === "test" && state === "fail"))
      failures.push(
        `${full.join(" > ")}: ${errors.map(({ message, stack = "" }) => `${message}\n${stack.split("\n").slice(0, 6).join("\n")}`).join("; ")}`,
      );
    for (const task of tasks) walk(task, full);
  };
  for (const file of ran) walk(file, []);
  return { agent: globalThis.navigator?.userAgent ?? "", passed, skipped, failures };
}
