import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../servers/processes.ts";
import type { Person } from "./person.ts";
import type { SignIn } from "./signing-clients.ts";

const MANIFEST = join(import.meta.dirname, "inspector");
const INSTALLED = "node_modules/.cache/holdfast/inspector";
const LOCK = "package-lock.json";

/**
 * Installs Inspector 2.x, 120 packages that nothing else here needs, the first time it is needed: everybody who installs the project
 * would get 111 MB of them. Its lock file pins them all.
 */
export async function installInspector(): Promise<void> {
  const lock = await readFile(join(MANIFEST, LOCK), "utf8");
  const complete = join(INSTALLED, "complete.json");
  if (existsSync(complete) && (await readFile(complete, "utf8")) === lock) return;
  await mkdir(INSTALLED, { recursive: true });
  for (const file of ["package.json", LOCK]) await copyFile(join(MANIFEST, file), join(INSTALLED, file));
  await promisify(execFile)("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: INSTALLED,
  });
  await writeFile(complete, lock);
}

/**
 * Inspector's command line, a process for each command. It listens for its callback, prints the address for the person, and stores
 * what it gets in the folder.
 */
export function inspector(folder: string): SignIn {
  return async (url, person) => {
    const home = join(folder, "inspector");
    await mkdir(home, { recursive: true });
    const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
    const server = ["--server-url", url.href, "--callback-url", callback];
    await toolsBy(server, home, person);
    const tools = () => toolsBy([...server], home, person);
    return { tools, expire: () => spoilTokens(home), close: async () => undefined };
  };
}

async function toolsBy(server: readonly string[], home: string, person: Person): Promise<readonly string[]> {
  const script = join(
    INSTALLED,
    "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
  );
  const command = ["--cli", ...server, "--transport", "http", "--method", "tools/list", "--format", "json"];
  const child = spawn(process.execPath, [script, ...command], {
    // Without a terminal it asks nobody unless it may open a browser; the one it finds here opens nothing.
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      BROWSER: "true",
      MCP_AUTO_OPEN_ENABLED: "true",
      MCP_INSPECTOR_SECRET_STORE: "file",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let said = "";
  let asked = false;
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    const address = /https?:\/\/\S+\/authorize\?\S+(?=\s)/.exec(said)?.[0];
    if (address === undefined || asked) return;
    asked = true;
    void person.allow(address).then((location) => fetch(location));
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`Inspector ended with ${code}: ${out}${said}`);
  return (JSON.parse(out).result as { tools: readonly { name: string }[] }).tools.map(({ name }) => name);
}

/** Makes the stored access token one that has expired. */
function spoilTokens(home: string): void {
  const path = join(home, ".mcp-inspector/secrets.json");
  const secrets = readFileSync(path, "utf8");
  const spoiled = secrets.replace(/(access.?token[\\":\s]+[^"\\]*)[^"\\]{8}/gi, "$1expired-");
  if (spoiled === secrets) throw new Error("Inspector stored no token");
  writeFileSync(path, spoiled);
}
