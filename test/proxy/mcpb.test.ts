import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MCPB_MANIFEST } from "../../proxy/mcpb-manifest.ts";
import { ROOT } from "../bundle/package-build.ts";
import { connected, DataFolder, EVERYTHING } from "./proxied-client.ts";

const folder = new DataFolder();
afterAll(() => folder.remove());

/** The manifest's command as Claude Desktop starts it: with the settings form filled in. */
function filledIn(text: string, bundle: string, settings: Readonly<Record<string, string>>): string {
  return text
    .replaceAll(/\$\{user_config\.(\w+)\}/g, (_whole, name: string) => settings[name] ?? "")
    .replaceAll(/\$\{__dirname\}/g, bundle);
}

test("The bundle for Claude Desktop starts the server whose command stands in its form", async () => {
  const archive = join(folder.path, "holdfast.mcpb");
  const bundle = join(folder.path, "bundle");
  mkdirSync(bundle);
  execFileSync(process.execPath, ["proxy/pack-mcpb.ts", archive], { cwd: ROOT, stdio: "ignore" });
  execFileSync("node_modules/.bin/mcpb", ["unpack", archive, bundle], { cwd: ROOT, stdio: "ignore" });
  const { server } = MCPB_MANIFEST as {
    server: { mcp_config: { args: readonly string[]; env: Readonly<Record<string, string>> } };
  };
  const target = `GREETING="from the form" ${EVERYTHING.map((word) => JSON.stringify(word)).join(" ")}`;
  const fill = (text: string): string => filledIn(text, bundle, { target });
  const env = Object.fromEntries(
    Object.entries(server.mcp_config.env).map(([name, value]) => [name, fill(value)]),
  );
  const { client } = await connected([process.execPath, ...server.mcp_config.args.map(fill)], folder, {
    env,
  });
  expect((await client.callTool({ name: "echo", arguments: { message: "hi" } })).content).toEqual([
    { type: "text", text: "Echo: hi" },
  ]);
  const environment = (await client.callTool({ name: "get-env", arguments: {} })).content;
  expect(JSON.stringify(environment)).toContain("from the form");
  await client.close();
});
