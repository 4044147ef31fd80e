import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { ExampleApp } from "../../examples/example-app.ts";
import { examplesIn } from "../../examples/guide.ts";

const EXAMPLES = examplesIn("docs/testing.md");
/** How many tests each folder of the guide has. Jest is installed with the packed package: test/packed. */
const TESTS: Readonly<Record<string, number>> = { quick: 3, "react-test": 2, agent: 1, store: 19 };

const apps: ExampleApp[] = [];
afterAll(() => Promise.all(apps.map((app) => app.remove())));

test("docs/testing.md has the tests that are run here, and one for Jest", () => {
  expect([...EXAMPLES.keys()].sort()).toEqual([...Object.keys(TESTS), "jest"].sort());
});

test.each(Object.entries(TESTS))(
  "the tests of docs/testing.md in %s pass as they are pasted",
  async (name, count) => {
    const example = EXAMPLES.get(name);
    if (!example) throw new Error(`docs/testing.md has no ${name}`);
    const packages = [...new Set([...example.packages, "holdfast", "vitest", "vite"])];
    const app = await ExampleApp.of({ ...example, packages });
    apps.push(app);
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=json", "--outputFile=report.json"];
    const run = promisify(execFile)(process.execPath, [...vitest, "--root", app.folder], { cwd: app.folder });
    const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
    const written = await readFile(join(app.folder, "report.json"), "utf8").catch(() => stderr);
    const report = JSON.parse(written) as {
      readonly testResults: readonly {
        readonly message: string;
        readonly assertionResults: readonly {
          readonly title: string;
          readonly status: string;
          readonly failureMessages: readonly string[];
        }[];
      }[];
    };
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const failures = report.testResults.map(({ message }) => message).filter((message) => message !== "");
    expect([...failures, ...results.flatMap(({ failureMessages }) => failureMessages)]).toEqual([]);
    expect(results.filter(({ status }) => status === "passed").length).toBe(count);
  },
);
