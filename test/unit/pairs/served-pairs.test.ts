import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { serveOptions } from "../../../proxy/serve/serve-options.ts";
import { servedEndpoints } from "../../../proxy/serve/served-endpoints.ts";
import { EXPORT } from "../../fixtures/job-servers.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-served-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PAIRS = { export: EXPORT.pair };
const file = join(folder, "pairs.json");
writeFileSync(file, JSON.stringify(PAIRS));
const config = join(folder, "endpoints.json");
writeFileSync(config, JSON.stringify({ written: { url: "https://jobs.example/mcp", pairs: PAIRS } }));

function served(...args: readonly string[]): ReturnType<typeof servedEndpoints> {
  const options = serveOptions(args);
  if (!options) throw new Error("It asked for help");
  return servedEndpoints(options.config, options.endpoints, options.pairs, {});
}

describe("holdfast serve --pairs", () => {
  test("gives the pairs of a file to an endpoint of --endpoint, local or remote", () => {
    const local = ["--endpoint", "local=-- job-server", "--pairs", `local=${file}`];
    const remote = ["--endpoint", "remote=https://jobs.example/mcp", "--pairs", `remote=${file}`];
    const { endpoints, local: servers } = served(...local, ...remote, "--config", config);
    expect(endpoints).toMatchObject({
      local: { pairs: PAIRS, service: "LOCAL_SERVERS" },
      remote: { pairs: PAIRS },
      written: { pairs: PAIRS },
    });
    expect(servers).toMatchObject([{ name: "local", command: "job-server" }]);
  });

  test.each([
    [["--pairs", file], "--pairs must be name=<file>"],
    [["--pairs", `jobs=${file}`], "--pairs names the endpoint jobs, which is not given"],
    [["--config", config, "--pairs", `written=${file}`], "The pairs of the endpoint written are there twice"],
    [["--config", config, "--pairs", "written="], "--pairs must be name=<file>"],
  ])("%j is refused with what is wrong", (args, message) => {
    expect(() => served(...args)).toThrow(message);
  });
});
