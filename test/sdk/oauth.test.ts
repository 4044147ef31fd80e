import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromUrl } from "../../src/channel/http.ts";
import { oauth } from "../../src/channel/sdk-oauth.ts";
import { fromUrl as fromUrlV1, type UrlOptionsV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { type Task, TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { FakeClock } from "../fixtures/fake-clock.ts";
import { BareServer, wireTask } from "./bare-server.ts";
import { OAuthGrant, providerOf, type TokenStorage } from "./oauth-server.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
beforeEach(() => {
  // Both SDKs warn of tokens without an issuer.
  vi.spyOn(console, "warn").mockReturnValue(undefined);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const fromUrlHttp = (url: string, { authProvider, ...options }: UrlOptionsV1) =>
  fromUrl(url, { ...options, ...(authProvider && { authorization: oauth(authProvider) }) });

const WAYS = [
  ["2025-11-25 on the v1 SDK", "2025-11-25", fromUrlV1],
  ["2025-11-25 on the v2 SDK", "2025-11-25", fromUrlV2],
  ["2026-07-28", "2026-07-28", fromUrlV2],
  ["2025-11-25 without an SDK's transport", "2025-11-25", fromUrlHttp],
  ["2026-07-28 without an SDK's transport", "2026-07-28", fromUrlHttp],
] as const;

describe.each(WAYS)("OAuth with rotating refresh tokens, %s", (_name, generation, fromUrl) => {
  async function lab() {
    let count = 0;
    const working = (taskId: string) =>
      generation === "2025-11-25"
        ? { task: wireTask(taskId, "working") }
        : { resultType: "task", ...wireTask(taskId, "working") };
    const server = await BareServer.start(generation, {
      "tools/call": () => working(`task-${++count}`),
      "tasks/get": ({ params }) => ({
        resultType: "complete",
        ...wireTask(String(params.taskId), "working"),
      }),
    });
    closing.push(() => server.close());
    const grant = new OAuthGrant(server);
    /** A client of its own provider, as each tab has one. */
    const tab = async (storage: TokenStorage, tasks: number, clock?: FakeClock) => {
      const provider = providerOf(storage);
      const timing = { backoffMs: 50, maxBackoffMs: 100 };
      const client = new TaskClient({
        store: memoryStore(),
        endpoints: { lab: fromUrl(server.url, { authProvider: provider, ...(clock && { clock }) }) },
        host: timerHost(),
        timing,
      });
      closing.push(() => client.close());
      const running: Task[] = [];
      for (let i = 0; i < tasks; i++) running.push(await client.callTool("lab", "slow"));
      return { client, provider, running };
    };
    return { server, grant, tab };
  }

  const fine = (tasks: readonly Task[]): boolean => tasks.every((task) => task.view.retry === undefined);
  const refused = (task: Task): boolean => task.view.retry?.failure.kind === "unauthorized";

  it("one refresh serves all polls that the server refused", async () => {
    const { server, grant, tab } = await lab();
    const { provider, running } = await tab(grant.storage, 5);
    grant.holds = true;
    grant.expire();
    await until("the refresh", () => grant.held.length === 1);
    grant.held[0]?.();
    const before = server.of("tasks/get").length;
    await until("polls of all tasks", () => server.of("tasks/get").length >= before + 15);
    expect(grant.presented).toEqual(["r1"]);
    expect([grant.revoked, provider.signIns, fine(running)]).toEqual([false, 0, true]);
  });

  it("one refresh serves the tabs that share the tokens, by a Web Lock", async () => {
    vi.stubGlobal("navigator", { locks: serialLocks() });
    const { server, grant, tab } = await lab();
    const { storage } = grant;
    const tabs = [await tab(storage, 2), await tab(storage, 2)];
    grant.holds = true;
    grant.expire();
    await until("the refresh", () => grant.held.length === 1);
    grant.held[0]?.();
    const before = server.of("tasks/get").length;
    await until("polls of all tasks", () => server.of("tasks/get").length >= before + 15);
    expect(grant.presented).toEqual(["r1"]);
    expect(tabs.map(({ provider, running }) => [provider.signIns, fine(running)])).toEqual([
      [0, true],
      [0, true],
    ]);
  });

  it("polls never start a sign-in; the task says `unauthorized`, and goes on after nudge()", async () => {
    const { server, grant, tab } = await lab();
    const { storage } = grant;
    const { client, provider, running } = await tab(storage, 2);
    grant.revoked = true;
    await until("the retry", () => running.every(refused));
    const presented = grant.presented.length;
    expect(presented).toBeLessThanOrEqual(1);
    expect([provider.signIns, provider.verifiers]).toEqual([0, 0]);
    grant.signIn(storage);
    const before = server.of("tasks/get").length;
    client.nudge();
    await until("polls", () => server.of("tasks/get").length > before + 2 && fine(running));
    expect(grant.presented.length).toBe(presented);
    expect(provider.signIns).toBe(0);
  });

  it("what a person starts asks for a sign-in once, however many requests need it", async () => {
    const { grant, tab } = await lab();
    const { client, provider, running } = await tab(grant.storage, 2);
    grant.revoked = true;
    await until("the retry", () => running.every(refused));
    const calls = await Promise.allSettled([1, 2, 3].map(() => client.callTool("lab", "slow")));
    expect(calls.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(provider.signIns).toBe(1);
    await expect(client.callTool("lab", "slow")).rejects.toThrow();
    expect(provider.signIns).toBe(2);
  });

  it("a call goes on after a sign-in in a window of the provider's own, however long that takes", async () => {
    const { server, grant, tab } = await lab();
    const storage: TokenStorage = { tokens: undefined };
    const clock = new FakeClock(Date.now());
    const { client, provider } = await tab(storage, 0, clock);
    let signIn: (() => void) | undefined;
    provider.window = () =>
      new Promise((resolve) => {
        signIn = () => {
          grant.signIn(storage);
          resolve();
        };
      });
    const calls = [client.callTool("lab", "slow"), client.callTool("lab", "slow")];
    await until("the window", () => signIn !== undefined);
    // The probe of the server's generation has 5 s, and other requests a minute.
    await clock.advance(300_000);
    signIn?.();
    expect((await Promise.all(calls)).map(({ view }) => view.status)).toEqual(["working", "working"]);
    expect([provider.signIns, server.of("tools/call").length >= 2]).toEqual([1, true]);
  });

  it("a further scope is asked for in a sign-in, with those of the grant: a refresh would not give it", async () => {
    const { grant, tab } = await lab();
    const storage: TokenStorage = {
      tokens: { access_token: "a1", token_type: "Bearer", refresh_token: "r1", scope: "read" },
    };
    const { client, provider } = await tab(storage, 0);
    grant.lacks = "write";
    provider.window = () => {
      grant.lacks = undefined;
      grant.signIn(storage);
    };
    expect((await client.callTool("lab", "slow")).view.status).toBe("working");
    expect(provider.asked).toEqual(["read write"]);
    expect(grant.presented).toEqual([]);
  });

  it("a token that the server took may be replaced for the same call", async () => {
    const { server, grant, tab } = await lab();
    const storage: TokenStorage = { tokens: undefined };
    const { client, provider } = await tab(storage, 0);
    provider.window = () => {
      grant.signIn(storage);
      storage.tokens = { access_token: storage.tokens?.access_token ?? "", token_type: "Bearer" };
      if (provider.signIns === 1) grant.expiresAfter = 1;
    };
    await client.callTool("lab", "slow");
    expect(provider.signIns).toBe(2);
    expect(provider.invalidated).toContain("discovery");
    expect(server.of("tools/call").length).toBeGreaterThanOrEqual(1);
  });

  it("an authorization server that is not to be trusted is named as the cause", async () => {
    const { server, grant, tab } = await lab();
    grant.issuer = "https://elsewhere.example";
    const { client, provider } = await tab({ tokens: undefined }, 0);
    const listed = expect(client.listTools("lab"));
    // The v1 SDK does not compare the issuer.
    if (fromUrl === fromUrlV1) return void (await listed.rejects.toThrow("wants a sign-in"));
    await listed.rejects.toThrow(/could not be renewed: Issuer mismatch/);
    expect(provider.signIns).toBe(0);
    // The probe never reached the server: the other generation is not tried.
    expect(server.of("initialize")).toEqual([]);
  });

  it("an authorization server that is away is asked again, and costs neither the tokens nor a sign-in", async () => {
    const { server, grant, tab } = await lab();
    const { provider, running } = await tab(grant.storage, 2);
    grant.down = true;
    grant.expire();
    await until("the retry", () => running.every(({ view }) => view.retry?.failure.kind === "network"));
    grant.down = false;
    const before = server.of("tasks/get").length;
    await until("polls", () => server.of("tasks/get").length > before + 2 && fine(running));
    expect([grant.presented, grant.revoked, provider.signIns]).toEqual([["r1"], false, 0]);
  });
});

/** Web Locks as a browser has them: one holder of a name at a time, over all who ask. */
function serialLocks() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    request: (_name: string, _options: object, work: () => Promise<unknown>) => {
      const mine = last.then(work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
