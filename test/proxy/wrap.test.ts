import { execFile } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placesOf } from "../../proxy/wrap/known-agents.ts";
import { rewritten } from "../../proxy/wrap/rewritten.ts";
import { DataFolder, environment, HOLDFAST } from "./proxied-client.ts";

const CLAUDE_DESKTOP = `{
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/Users/ada/My Documents"]
    },
    "github": {
      "command": "docker",
      "args": ["run", "-i", "--rm", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server"],
      "env": { "GITHUB_TOKEN": "ghp_secret" }
    }
  },
  "globalShortcut": "Alt+Space",
  "preferences": { "menuBarEnabled": false }
}
`;

const CURSOR = `{
\t// The team's servers.
\t"mcpServers": {
\t\t"papers": {
\t\t\t"url": "https://papers.example/mcp", // ours
\t\t\t"headers": { "Authorization": "Bearer s3cret", "X-Team": "blue" },
\t\t},
\t\t/* Started by hand:
\t\t   see the wiki. */
\t\t"local": { "command": "./bin/server", "args": [], "disabled": false },
\t},
}
`;

const VSCODE = `{
  "inputs": [{ "type": "promptString", "id": "key", "password": true }],
  "servers": {
    "wrapped": { "type": "stdio", "command": "npx", "args": ["-y", "holdfast", "--", "uvx", "mcp-server-git"] },
    "asks": { "type": "http", "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer \${input:key}" } },
    "old": { "type": "sse", "url": "https://y.example/sse" },
    "plain": { "type": "http", "url": "https://z.example/mcp" }
  }
}
`;

const variable = (name: string): string => `\${${name}}`;

let folder: DataFolder;
beforeEach(() => {
  folder = new DataFolder();
});
afterEach(() => folder.remove());

function file(text: string, name = "mcp.json"): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [HOLDFAST, ...args], { env: environment(folder, env) }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ).stdin?.end();
  });
}

const serversOf = (path: string) =>
  parse(readFileSync(path, "utf8"), [], { allowTrailingComma: true }) as {
    mcpServers: Record<string, unknown>;
    servers: Record<string, unknown>;
  };

describe("holdfast wrap", () => {
  test("shows the difference and writes nothing until it is confirmed", async () => {
    const path = file(CLAUDE_DESKTOP);
    const { code, out } = await run(["wrap", path]);
    expect(code).toBe(0);
    expect(out).toContain('+       "command": "npx",');
    expect(out).toContain('-       "command": "docker",');
    expect(readFileSync(path, "utf8")).toBe(CLAUDE_DESKTOP);
  });

  test("puts each server of Claude Desktop's file behind Holdfast and keeps its environment", async () => {
    const path = file(CLAUDE_DESKTOP);
    expect((await run(["wrap", path, "--yes"])).code).toBe(0);
    const { mcpServers, ...others } = serversOf(path);
    expect(mcpServers).toEqual({
      filesystem: {
        command: "npx",
        args: [
          "-y",
          "holdfast",
          "--",
          "npx",
          "-y",
          "@modelcontextprotocol/server-filesystem",
          "/Users/ada/My Documents",
        ],
      },
      github: {
        command: "npx",
        args: [
          "-y",
          "holdfast",
          "--",
          "docker",
          "run",
          "-i",
          "--rm",
          "-e",
          "GITHUB_TOKEN",
          "ghcr.io/github/github-mcp-server",
        ],
        env: { GITHUB_TOKEN: "ghp_secret" },
      },
    });
    expect(others).toEqual({ globalShortcut: "Alt+Space", preferences: { menuBarEnabled: false } });
    expect(readFileSync(`${path}.before-holdfast`, "utf8")).toBe(CLAUDE_DESKTOP);
  });

  test("keeps comments, trailing commas and unknown keys, and takes secrets out of the arguments", async () => {
    const path = file(CURSOR);
    await run(["wrap", path, "--yes"]);
    const text = readFileSync(path, "utf8");
    for (const comment of ["// The team's servers.", "/* Started by hand:\n\t\t   see the wiki. */"])
      expect(text).toContain(comment);
    expect(serversOf(path).mcpServers).toEqual({
      papers: {
        command: "npx",
        args: [
          "-y",
          "holdfast",
          "https://papers.example/mcp",
          ...["--header", `Authorization: ${variable("HOLDFAST_HEADER_1")}`],
          ...["--header", `X-Team: ${variable("HOLDFAST_HEADER_2")}`],
        ],
        env: { HOLDFAST_HEADER_1: "Bearer s3cret", HOLDFAST_HEADER_2: "blue" },
      },
      local: { command: "npx", args: ["-y", "holdfast", "--", "./bin/server"], disabled: false },
    });
  });

  test("skips servers that are wrapped already, that ask for input, or whose transport it does not support", async () => {
    const path = file(VSCODE);
    const { out } = await run(["wrap", path, "--yes"]);
    expect(out).toContain("wrapped is left as it is: it runs behind Holdfast already");
    expect(out).toContain("asks is left as it is: it asks for an input");
    expect(out).toContain("old is left as it is: it uses the transport HTTP+SSE");
    const before = parse(VSCODE).servers;
    expect(serversOf(path).servers).toEqual({
      ...before,
      plain: { type: "stdio", command: "npx", args: ["-y", "holdfast", "https://z.example/mcp"] },
    });
    expect((await run(["wrap", path, "--yes"])).out).toContain("needs no change");
  });

  test.each([
    [
      "a file that is not JSON",
      '{ "mcpServers": { "a": { "command": "x" ',
      /is not valid JSON: .* at line 1/,
    ],
    ["a file without servers", '{ "theme": "dark" }', /has no "mcpServers" object/],
  ])("%s is left alone with a message that says why", async (_what, text, message) => {
    const path = file(text);
    const { code, err } = await run(["wrap", path, "--yes"]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(existsSync(`${path}.before-holdfast`)).toBe(false);
  });

  test("finds an agent's file by the agent's name", async () => {
    const home = join(folder.path, "home");
    const path = join(home, ".cursor", "mcp.json");
    mkdirSync(join(home, ".cursor"), { recursive: true });
    writeFileSync(path, CURSOR);
    const { out, code } = await run(["wrap", "cursor", "--yes", "--only", "local"], {
      HOME: home,
      USERPROFILE: home,
    });
    expect([code, out]).toEqual([0, expect.stringContaining(path)]);
    expect(serversOf(path).mcpServers.papers).toEqual(
      parse(CURSOR, [], { allowTrailingComma: true }).mcpServers.papers,
    );
    expect((await run(["wrap", "no-such-agent"])).err).toContain("claude-desktop");
  });

  test.each([
    ["darwin", {}, "/home/ada/Library/Application Support/Claude/claude_desktop_config.json"],
    ["linux", {}, "/home/ada/.config/Claude/claude_desktop_config.json"],
    ["win32", { APPDATA: "/roaming" }, "/roaming/Claude/claude_desktop_config.json"],
  ])("knows where Claude Desktop keeps its file on %s", (platform, env, place) => {
    expect(placesOf("claude-desktop", platform, env, "/home/ada")?.[0]).toBe(place);
  });
});

describe("holdfast unwrap", () => {
  test.each([
    ["Claude Desktop", CLAUDE_DESKTOP],
    ["Cursor", CURSOR],
    ["VS Code", VSCODE],
    ["Windows line ends and a byte order mark", `\uFEFF${CLAUDE_DESKTOP.replaceAll("\n", "\r\n")}`],
  ])("restores a file of %s to the byte", async (_agent, text) => {
    const path = file(text);
    await run(["wrap", path, "--yes"]);
    expect(readFileSync(path, "utf8")).not.toBe(text);
    expect((await run(["unwrap", path, "--yes"])).code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("takes Holdfast out of a file that was changed since, without what was changed", async () => {
    const path = file(CURSOR);
    await run(["wrap", path, "--yes"]);
    const edited = readFileSync(path, "utf8").replace("// The team's servers.", "// Everybody's servers.");
    writeFileSync(path, edited);
    await run(["unwrap", path, "--yes"]);
    expect(readFileSync(path, "utf8")).toContain("// Everybody's servers.");
    expect(serversOf(path)).toEqual(parse(CURSOR, [], { allowTrailingComma: true }));
  });

  test("wrapping and unwrapping without a backup keeps what each entry means", () => {
    for (const text of [CLAUDE_DESKTOP, CURSOR]) {
      const there = rewritten(text, "a file", false, []).text;
      const back = rewritten(there, "a file", true, []).text;
      expect(parse(back, [], { allowTrailingComma: true })).toEqual(
        parse(text, [], { allowTrailingComma: true }),
      );
    }
  });
});

test("wrap writes the file that a link leads to, and leaves the link", async () => {
  const path = file(CLAUDE_DESKTOP, "settings.json");
  const link = join(folder.path, "mcp.json");
  symlinkSync(path, link);
  expect((await run(["wrap", link, "--yes"])).code).toBe(0);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, "utf8")).toContain("holdfast");
  expect((await run(["unwrap", link, "--yes"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(CLAUDE_DESKTOP);
});

test.each([
  ["npx", "file:/home/me/holdfast/holdfast-0.1.0.tgz"],
  ["npx", "/home/me/holdfast-1.2.0-rc.1.tgz"],
  ["node", "/home/me/node_modules/holdfast/dist/proxy/holdfast.cjs"],
])("rewritten() sees that %s %s is Holdfast already", (command, program) => {
  const text = JSON.stringify({ mcpServers: { a: { command, args: ["-y", program, "--", "uvx", "git"] } } });
  expect(rewritten(text, "a file", false, [])).toMatchObject({ changed: [], left: [{ name: "a" }] });
  expect(JSON.parse(rewritten(text, "a file", true, []).text)).toEqual({
    mcpServers: { a: { command: "uvx", args: ["git"] } },
  });
});

test("rewritten() refuses a file that has a server twice, since an edit would reach the one that no agent reads", () => {
  const text = '{ "mcpServers": { "a": { "command": "x" }, "a": { "command": "y" } } }';
  expect(() => rewritten(text, "a file", false, [])).toThrow("a file has a twice: remove one of the two");
});
