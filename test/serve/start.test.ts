import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, inject, test } from "vitest";
import { memoryOf } from "../../proxy/process-memory.ts";
import { until } from "../browser/until.ts";
import { EVERYTHING } from "../proxy/proxied-client.ts";
import { Folder, runs, ServedGateway } from "./served-gateway.ts";

const folders: Folder[] = [];
const gateways: ServedGateway[] = [];

function folder(): string {
  const made = new Folder();
  folders.push(made);
  return made.path;
}

async function start(...given: Parameters<typeof ServedGateway.start>): Promise<ServedGateway> {
  const gateway = await ServedGateway.start(...given);
  gateways.push(gateway);
  return gateway;
}

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.end("SIGKILL")));
  for (const made of folders.splice(0)) made.remove();
});

/** The processor time of a process and its children, in ms (proc(5), `stat`). */
function cpuMs(...pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10;
}

describe("holdfast serve of the packed package", () => {
  test.skipIf(process.platform !== "linux")(
    "is ready after at most 3 s of processor time, and takes at most 250 MB, in an empty folder",
    async () => {
      const state = folder();
      const gateway = await start(state);
      const startMs = cpuMs(gateway.pid, gateway.workerd(state));
      const rss = memoryOf(gateway.pid, "no other process").Rss;
      const text = `${gateway.readyMs.toFixed(0)} ms (${startMs} ms of CPU), ${rss.toFixed(0)} MB`;
      console.log(`ready after ${text}; the package has ${inject("packedBytes")} bytes`);
      // Of time on the wall, other processes of the machine have a share.
      expect(startMs).toBeGreaterThan(100);
      expect(startMs).toBeLessThan(3_000);
      expect(rss).toBeGreaterThan(50);
      expect(rss).toBeLessThan(250);
      expect(inject("packedBytes")).toBeLessThan(2_350_000);
    },
  );

  test("makes a token at the first start, shows it once, and stores its hash alone", async () => {
    const state = folder();
    const first = await start(state);
    expect(first.token).toMatch(/^hf_[\w-]{32}$/);
    expect(await first.ask("GET", "/v1/endpoints")).toEqual({ endpoints: [] });
    expect(
      (await first.fetch("/v1/endpoints", { headers: { authorization: "Bearer hf_other" } })).status,
    ).toBe(401);
    const secrets = join(state, "secrets.json");
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    for (const file of [secrets, join(state, "workerd.capnp")])
      expect(readFileSync(file, "utf8")).not.toContain(first.token);
    await first.end("SIGTERM");

    const second = await start(state, {}, first.token);
    expect(second.stdout).not.toContain("Token");
    expect((await second.fetch("/v1/endpoints")).status).toBe(200);
    await second.end("SIGTERM");

    const third = await start(state, { args: ["--new-token"] });
    expect(third.token).not.toBe(first.token);
    expect((await third.fetch("/v1/endpoints")).status).toBe(200);
    const old = { authorization: `Bearer ${first.token}` };
    expect((await third.fetch("/v1/endpoints", { headers: old })).status).toBe(401);
  });

  test("serves the console with its policy, the API's document and /mcp at one address", async () => {
    const gateway = await start(folder());
    const page = await gateway.fetch("/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await page.text();
    // Most of the console is in a file that the entry imports.
    const scripts = [...html.matchAll(/ (?:src|href)="([^"]+\.js)"/g)].map(([, path = ""]) => path);
    const sizes = await Promise.all(
      scripts.map(async (path) => {
        const file = await gateway.fetch(path);
        expect(file.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
        return (await file.text()).length;
      }),
    );
    expect(Math.max(...sizes)).toBeGreaterThan(100_000);
    const etag = page.headers.get("etag") ?? "";
    expect((await gateway.fetch("/", { headers: { "if-none-match": etag } })).status).toBe(304);
    for (const path of ["/assets", "/assets/", "/nothing.js", "/_headers"])
      expect((await gateway.fetch(path)).status, path).toBe(404);
    expect((await gateway.fetch("/docs")).status).toBe(200);
    const appFrame = await gateway.fetch("/app-frame");
    expect(appFrame.headers.get("content-security-policy")).toContain(
      "sandbox allow-scripts; default-src 'none'",
    );
    expect((await gateway.fetch("/mcp", { method: "POST", headers: { authorization: "" } })).status).toBe(
      401,
    );
  });

  test("listens on this machine alone, and warns of another --host", async () => {
    const first = await start(folder());
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(first.stdout).not.toContain("Warning");
    const open = await start(folder(), { args: ["--host", "0.0.0.0"] });
    expect(open.stdout).toContain("Warning: 0.0.0.0 is not only this machine");
    expect((await open.fetch("/v1/endpoints", { headers: { authorization: "" } })).status).toBe(401);
  });

  test("refuses a state folder that another holdfast serve uses, and says what to do", async () => {
    const state = folder();
    const first = await start(state);
    const second = await ServedGateway.run(state);
    expect(second).toMatchObject({ code: 2, stdout: "" });
    expect(second.stderr).toBe(
      `holdfast: ${state} is in use by another holdfast serve: stop that one, or give another folder with --state\n`,
    );
    expect((await first.fetch("/v1/endpoints")).status).toBe(200);
    // A lock that outlived SIGKILL would refuse the next start.
    await first.end("SIGKILL");
    await start(state);
  });

  test("ends workerd and the local servers with itself, after SIGTERM and after SIGKILL", async () => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const state = folder();
      const pidFile = join(state, "pids");
      const server = join(import.meta.dirname, "../proxy/local-server.mjs");
      const endpoint = `one=-- ${process.execPath} ${server} --pid-file ${pidFile}`;
      const gateway = await start(state, { args: ["--endpoint", endpoint] });
      const child = await until("the server runs", async () =>
        existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : undefined,
      );
      const pids = [gateway.workerd(state), child];
      expect(pids.map(runs)).toEqual([true, true]);
      const end = await gateway.end(signal);
      if (signal === "SIGTERM") expect(end).toMatchObject({ code: 0, signal: null });
      await until("all have ended", async () => !pids.some(runs) || undefined);
    }
  });

  test("starts workerd again when it ends by itself", async () => {
    const state = folder();
    const gateway = await start(state);
    const before = gateway.workerd(state);
    process.kill(before, "SIGKILL");
    await until("it serves again", async () => {
      const reply = await gateway.fetch("/v1/endpoints").catch(() => undefined);
      return reply?.status === 200 || undefined;
    });
    expect(gateway.workerd(state)).not.toBe(before);
    expect(gateway.stderr).toContain("workerd ended (SIGKILL), and is started again");
  });

  test("keeps OAuth clients in its KV namespace through a restart", async () => {
    const state = folder();
    const oauth = { env: { HOLDFAST_OAUTH: "{}" } };
    const first = await start(state, oauth);
    const client = await first.ask<{ client_id: string }>("POST", "/oauth/register", {
      redirect_uris: ["http://127.0.0.1/callback"],
      token_endpoint_auth_method: "none",
    });
    await first.end("SIGKILL");
    const second = await start(state, oauth, first.token);
    const failure = async (id: string): Promise<unknown> => {
      const form = { grant_type: "authorization_code", code: "a:b:c", client_id: id, code_verifier: "v" };
      const headers = { authorization: "", "content-type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams(form).toString();
      return (await second.fetch("/oauth/token", { method: "POST", headers, body })).json();
    };
    expect(await failure(client.client_id)).toMatchObject({ error: "invalid_grant" });
    expect(await failure("another")).toMatchObject({ error: "invalid_client" });
  });
});

describe("holdfast serve says in one line what to do", () => {
  test("where workerd is not installed", async () => {
    const home = folder();
    cpSync(join(inject("installed"), "node_modules/holdfast"), join(home, "node_modules/holdfast"), {
      recursive: true,
    });
    expect(await ServedGateway.run(folder(), { home })).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "holdfast: holdfast serve runs in workerd, which is not installed here: npm install workerd\n",
    });
  });

  test.each([
    [["--endpoint", "papers"], '--endpoint must be name=https://… or name="-- command"'],
    [["--endpoint", "papers=ftp://x"], "The endpoint papers must be an address, or a command after --"],
    [["--endpoint", "papers=-- "], "The command to run is missing"],
    [
      ["--endpoint", "Papers=-- x"],
      "The endpoint Papers must be named by 1 to 32 of a-z 0-9 -, not starting with the hyphen",
    ],
    [
      ["--endpoint", "Papers=https://papers.example/mcp"],
      "ENDPOINTS at Papers: must be named by 1 to 32 of a-z 0-9 -, not starting with the hyphen",
    ],
    [["--endpoint", "papers=https://10.0.0.1/mcp"], "ENDPOINTS at papers.url: is on a private network"],
    [["--port", "x"], "--port must be a number from 0 to 65535"],
    [["--config", "a", "--config", "b"], "--config is there twice: it takes one file"],
    [["--porto"], "Unknown option --porto: see holdfast serve --help"],
  ])("for %j", async (args, message) => {
    const end = await ServedGateway.run(folder(), { args });
    expect(end).toMatchObject({ code: 2, stdout: "", stderr: `holdfast: ${message}\n` });
  });

  test.each([
    ["HOLDFAST_LIMITS", "x", "HOLDFAST_LIMITS: is not JSON"],
    ["HOLDFAST_GATEWAY", '{"budget":1}', "HOLDFAST_GATEWAY: has a key that is not known"],
    ["HOLDFAST_OAUTH", "x", "HOLDFAST_OAUTH: is not JSON"],
  ])("for the variable %s=%s", async (name, value, message) => {
    const end = await ServedGateway.run(folder(), { env: { [name]: value } });
    expect(end).toMatchObject({ code: 2, stdout: "", stderr: `holdfast: ${message}\n` });
  });

  test("for a port that is in use", async () => {
    const first = await start(folder());
    const { port } = new URL(first.url);
    const end = await ServedGateway.run(folder(), { args: ["--port", port] });
    expect(end.stderr).toBe(
      `holdfast: The port ${port} of 127.0.0.1 is in use: stop what listens there, or give another with --port\n`,
    );
  });

  test("for a file of endpoints that is wrong", async () => {
    const file = join(folder(), "endpoints.json");
    writeFileSync(file, '{ "papers": { "url": "https://papers.example/mcp", "headres": {} } }');
    const end = await ServedGateway.run(folder(), { args: ["--config", file] });
    expect(end.stderr).toBe("holdfast: ENDPOINTS at papers: has a key that is not known\n");
    writeFileSync(file, "[");
    const other = await ServedGateway.run(folder(), { args: ["--config", file] });
    expect(other.stderr).toContain(`${file} is not valid JSON`);
  });

  test("for a state folder that cannot be made, and for secrets that are damaged", async () => {
    const state = folder();
    const file = join(state, "secrets.json");
    writeFileSync(file, "{ cut");
    expect((await ServedGateway.run(state)).stderr).toBe(
      `holdfast: ${file} is damaged: delete it, and the next start makes a new token\n`,
    );
    expect((await ServedGateway.run(join(file, "state"))).stderr).toContain(
      "cannot hold the state (ENOTDIR)",
    );
    expect((await ServedGateway.run("/proc/holdfast/state")).stderr).toContain(
      "cannot hold the state (ENOENT)",
    );
  });

  test("for a local server whose command does not exist, and serves the others", async () => {
    const gateway = await start(folder(), {
      args: ["--endpoint", "gone=-- no-such-command", "--endpoint", `everything=-- ${EVERYTHING.join(" ")}`],
    });
    await until("it is said", async () => gateway.stderr.includes("gone could not be started") || undefined);
    expect(gateway.stderr).toContain("its command was not found");
    const task = await gateway.call("everything", "echo", { message: "hello" });
    expect((await gateway.come(task.id)).outcome?.result?.content).toEqual([
      { type: "text", text: "Echo: hello" },
    ]);
  });
});
