import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connected, DataFolder, holdfast, type ProxiedClient } from "./proxied-client.ts";
import { SigningServer } from "./signing-server.ts";

let server: SigningServer;
let folder: DataFolder;
beforeEach(async () => {
  server = await SigningServer.start();
  folder = new DataFolder();
  // The user's browser: once the user is there, it follows the redirect of the sign-in page.
  const script = `#!${process.execPath}
    const { appendFileSync, existsSync } = require("node:fs");
    const look = setInterval(async () => {
      if (!existsSync(${JSON.stringify(join(folder.path, "user"))})) return;
      clearInterval(look);
      const page = await fetch(process.argv.at(-1));
      appendFileSync(${JSON.stringify(join(folder.path, "pages"))}, await page.text());
    }, 20);
  `;
  for (const name of ["xdg-open", "open"]) {
    writeFileSync(join(folder.path, name), script);
    chmodSync(join(folder.path, name), 0o755);
  }
  userComes();
});
afterEach(() => {
  server.close();
  folder.remove();
});

function userComes(): void {
  writeFileSync(join(folder.path, "user"), "");
}

function start(...args: readonly string[]): Promise<ProxiedClient> {
  const env = { PATH: `${folder.path}${delimiter}${process.env.PATH ?? ""}` };
  return connected(holdfast(...args, `${server.origin}/mcp`), folder, { env });
}

async function whoami({ client }: ProxiedClient): Promise<unknown> {
  return (await client.callTool({ name: "whoami", arguments: {} })).content;
}

function credentials(): {
  readonly path: string;
  readonly tokens: { access_token: string };
  readonly port: number;
} {
  const [name = ""] = readdirSync(join(folder.path, "credentials"));
  const path = join(folder.path, "credentials", name);
  return {
    path,
    ...(JSON.parse(readFileSync(path, "utf8")) as { tokens: { access_token: string }; port: number }),
  };
}

describe.skipIf(process.platform === "win32")("A remote server that wants the user to sign in", () => {
  test("is signed in to with the browser once; the next start reads the tokens from a file that only the user can read", async () => {
    const first = await start("--verbose");
    expect(await whoami(first)).toEqual([{ type: "text", text: "Ada" }]);
    expect(first.stderr()).toMatch(
      /wants you to sign in: http:\/\/127\.0\.0\.1:\d+\/authorize is opened in your browser/,
    );
    await first.client.close();
    const { path, tokens, port } = credentials();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(server.registrations).toMatchObject([{ redirect_uris: [`http://127.0.0.1:${port}/callback`] }]);
    expect(readFileSync(join(folder.path, "pages"), "utf8")).toContain("Holdfast is signed in");
    // Neither tokens nor codes are on stderr.
    expect(first.stderr()).not.toContain(tokens.access_token);
    expect(first.stderr()).not.toMatch(/code_challenge|state=/);

    const second = await start();
    expect(await whoami(second)).toEqual([{ type: "text", text: "Ada" }]);
    expect(server.registrations).toHaveLength(1);
    await second.client.close();
  });

  test("is asked for a fresh token when the old one is refused", async () => {
    const first = await start();
    await whoami(first);
    server.tokens.clear();
    expect(await whoami(first)).toEqual([{ type: "text", text: "Ada" }]);
    expect(server.refreshes).toBe(1);
    expect(server.tokens).toContain(credentials().tokens.access_token);
    await first.client.close();
  });

  test("is signed in to once by two processes that start at the same time", async () => {
    rmSync(join(folder.path, "user"));
    const both = [start("--name", "one"), start("--name", "two")];
    // The user comes when both are there: one shows the page, the other waits.
    await expect.poll(() => server.refusals).toBe(2);
    userComes();
    const proxied = await Promise.all(both);
    for (const one of proxied) expect(await whoami(one)).toEqual([{ type: "text", text: "Ada" }]);
    expect(server.registrations).toHaveLength(1);
    expect(server.pages).toBe(1);

    // Both tokens are refused: one refresh serves both, and its refresh token is used once.
    server.tokens.clear();
    await Promise.all(proxied.map(whoami));
    expect(server.refreshes).toBe(1);
    expect(server.pages).toBe(1);
    await Promise.all(proxied.map(({ client }) => client.close()));
  });

  test("is signed in to on another port when the port of the registration is taken", async () => {
    const first = await start();
    await whoami(first);
    await first.client.close();
    const { path, port } = credentials();
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), tokens: undefined }));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const second = await start();
    expect(await whoami(second)).toEqual([{ type: "text", text: "Ada" }]);
    expect(credentials().port).not.toBe(port);
    expect(server.registrations).toHaveLength(2);
    await second.client.close();
    other.close();
  });

  test("is not opened in the browser again and again when the user refuses", async () => {
    server.refuses = true;
    const { client, stderr } = await start();
    await expect.poll(stderr).toContain("the sign-in page refused access");
    for (let call = 0; call < 2; call++) {
      const { content, isError } = await client.callTool({ name: "whoami", arguments: {} });
      expect([isError, JSON.stringify(content)]).toEqual([
        true,
        expect.stringContaining("was not completed. Wait 10 minutes or restart the agent"),
      ]);
    }
    expect(server.pages).toBe(1);
    await client.close();
  });

  test("is not signed in to when the user's own header authorizes", async () => {
    const { client } = await start("--header", "Authorization: Bearer wrong").catch(() => ({
      client: undefined,
    }));
    const tools = await client?.listTools();
    expect(tools?.tools.map(({ name }) => name) ?? []).not.toContain("whoami");
    await client?.close();
    expect(server.registrations).toEqual([]);
  });
});
