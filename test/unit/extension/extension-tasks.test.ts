import { describe, expect, it } from "vitest";
import { ExtensionTasks } from "../../../src/extension/index.ts";
import {
  ClientClosedError,
  RequestFailedError,
  type TaskView,
  UnknownEndpointError,
} from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { type ExtensionLab, extensionLab, heldCalls, RESULT, slowed } from "./extension-lab.ts";

/** An extension whose endpoints are settings that the test changes. */
function configurable(calls: Promise<void> = Promise.resolve()): ExtensionLab & { names: string[] } {
  const names = ["papers"];
  const lab = extensionLab({
    endpoints:
      (life, { connector }) =>
      async () => {
        if (names.length === 0) throw new Error("No settings");
        return Object.fromEntries(names.map((name) => [name, life.connector(slowed(connector, calls))]));
      },
  });
  return Object.assign(lab, { names });
}

describe("reload", () => {
  it("knows a server that was added, for pages that are open too", async () => {
    const lab = configurable();
    const { client } = lab.page();
    await expect(client.callTool("more", "report")).rejects.toBeInstanceOf(UnknownEndpointError);
    lab.names.push("more");
    await lab.tasks().reload();
    expect(await client.endpoints()).toEqual(["papers", "more"]);
    const task = await client.callTool("more", "report");
    await lab.extension.advance(16_000);
    expect(await task.result()).toEqual(RESULT);
  });

  it("goes on with running tasks, polls them by one client, and notifies the subscribers of the worker", async () => {
    const lab = configurable();
    const statuses: string[] = [];
    lab.tasks().subscribe(({ view: { status } }) => statuses.push(status));
    const { client } = lab.page();
    const task = await client.callTool("papers", "report");
    await lab.extension.advance(7_000);
    await lab.tasks().reload();
    await lab.extension.advance(10_000);
    expect(await task.result()).toEqual(RESULT);
    expect(statuses.at(-1)).toBe("completed");
    expect(statuses.filter((status) => status === "completed")).toHaveLength(1);
    expect(lab.server.times("tasks/get")).toBe(3);
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("does not break off a call in flight; meanwhile the old endpoints serve", async () => {
    const { calls, finish } = heldCalls();
    const lab = configurable(calls);
    const { client } = lab.page();
    const calling = client.callTool("papers", "report");
    await settled();
    lab.names.push("more");
    let reloaded = false;
    const reloading = lab
      .tasks()
      .reload()
      .then(() => {
        reloaded = true;
      });
    await settled();
    expect(reloaded).toBe(false);
    expect(await client.endpoints()).toEqual(["papers"]);
    finish();
    await reloading;
    expect((await calling).view.status).toBe("working");
    expect(await client.endpoints()).toEqual(["papers", "more"]);
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("does not spoil what a page is just asking", async () => {
    let asked = 0;
    const lab = extensionLab({
      endpoints:
        (life, { connector }) =>
        async () => {
          let close = (): void => undefined;
          const closed = new Promise<never>((_resolve, reject) => {
            close = () =>
              reject(new RequestFailedError("tools/list", { kind: "network", message: "Closed" }));
          });
          closed.catch(() => undefined);
          return {
            papers: life.connector({
              renewable: false,
              async connect(...given) {
                const connection = await connector.connect(...given);
                const request: typeof connection.request = (frame, options) =>
                  frame.method === "tools/list" && ++asked === 1
                    ? closed
                    : connection.request(frame, options);
                return { ...connection, request, close: async () => close() };
              },
            }),
          };
        },
    });
    const listing = lab.page().client.listTools("papers");
    await settled();
    expect(asked).toBe(1);
    await lab.tasks().reload();
    expect((await listing).length).toBeGreaterThan(0);
  });

  it("does not wait for a call that its server refuses for now: the client that follows makes it", async () => {
    let refusals = 0;
    const lab = extensionLab({
      endpoints:
        (life, { connector }) =>
        async () => ({
          papers: life.connector({
            renewable: false,
            async connect(...given) {
              const connection = await connector.connect(...given);
              const request: typeof connection.request = (frame, options) => {
                if (frame.method !== "tools/call" || ++refusals > 1)
                  return connection.request(frame, options);
                const failure = {
                  kind: "http",
                  status: 429,
                  message: "Later",
                  retryAfterMs: 60_000,
                } as const;
                return Promise.reject(new RequestFailedError("tools/call", failure));
              };
              return { ...connection, request };
            },
          }),
        }),
    });
    const calling = lab.page().client.callTool("papers", "report");
    await settled();
    expect(refusals).toBe(1);
    await lab.tasks().reload();
    await lab.tasks().reload();
    await lab.extension.advance(59_000);
    expect(lab.server.times("tools/call")).toBe(0);
    await lab.extension.advance(2_000);
    expect((await calling).view.status).toBe("working");
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("waits for a refused call once it has been sent again", async () => {
    let sent = 0;
    let reply = (): void => undefined;
    const replied = new Promise<void>((resolve) => {
      reply = resolve;
    });
    const lab = extensionLab({
      endpoints:
        (life, { connector }) =>
        async () => ({
          papers: life.connector({
            renewable: false,
            async connect(...given) {
              const connection = await connector.connect(...given);
              const request: typeof connection.request = async (frame, options) => {
                if (frame.method === "tools/call" && ++sent === 1) {
                  const failure = {
                    kind: "http",
                    status: 429,
                    message: "Later",
                    retryAfterMs: 2_000,
                  } as const;
                  throw new RequestFailedError("tools/call", failure);
                }
                if (frame.method === "tools/call") await replied;
                return connection.request(frame, options);
              };
              return { ...connection, request };
            },
          }),
        }),
    });
    const calling = lab.page().client.callTool("papers", "report");
    await lab.extension.advance(3_000);
    expect(sent).toBe(2);
    let reloaded = false;
    const reloading = lab
      .tasks()
      .reload()
      .then(() => {
        reloaded = true;
      });
    await settled();
    expect(reloaded).toBe(false);
    reply();
    await reloading;
    expect((await calling).view.status).toBe("working");
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("a page sees the view that the worker has", async () => {
    const lab = extensionLab();
    const page = await lab.page().client.callTool("papers", "report", { pages: 3 });
    await lab.extension.advance(6_000);
    const worker = await (await lab.tasks().client()).get(page.id);
    expect(worker?.view.acceptedAt, "the worker has it, and the page below").toBeDefined();
    // Storing the pace raises `rev`, and a page does not need to know.
    const shown = ({ rev: _rev, nextPollAt: _at, ...rest }: TaskView) => rest;
    expect(shown(page.view)).toEqual(shown(worker?.view ?? page.view));
  });

  it("without a server whose task runs lets the worker rest, and with it goes on", async () => {
    const lab = configurable();
    const { client } = lab.page();
    const { id } = await client.callTool("papers", "report");
    await client.close();
    lab.names.splice(0, 1, "other");
    await lab.tasks().reload();
    await lab.extension.advance(600_000);
    expect(lab.hasAlarm).toBe(false);
    expect(lab.problems).toMatchObject([{ kind: "unknown-endpoint", id }]);
    lab.names.push("papers");
    await lab.tasks().reload();
    await settled();
    expect(await (await lab.page().client.get(id))?.result()).toEqual(RESULT);
  });

  it("without settings rejects, and leaves what there is", async () => {
    const lab = configurable();
    const task = await lab.page().client.callTool("papers", "report");
    lab.names.length = 0;
    await expect(lab.tasks().reload()).rejects.toThrow("No settings");
    await lab.extension.advance(16_000);
    expect(await task.result()).toEqual(RESULT);
  });

  it("twice at once comes to the later settings", async () => {
    const lab = configurable();
    const tasks = lab.tasks();
    lab.names.push("more");
    const first = tasks.reload();
    lab.names.push("most");
    await Promise.all([first, tasks.reload()]);
    expect(await (await tasks.client()).endpoints()).toEqual(["papers", "more", "most"]);
  });
});

describe("the worker", () => {
  it("whose settings cannot be read tries again at the next occasion", async () => {
    const lab = configurable();
    lab.names.length = 0;
    await expect(lab.tasks().client()).rejects.toThrow("No settings");
    expect(lab.problems[0]).toMatchObject({ kind: "wake", message: expect.stringContaining("No settings") });
    lab.names.push("papers");
    expect(await lab.page().client.endpoints()).toEqual(["papers"]);
  });

  it.each(["onStartup", "onInstalled"] as const)(
    "that %s starts sets the alarm that was lost",
    async (event) => {
      const lab = extensionLab();
      const { client } = lab.page();
      await client.callTool("papers", "report");
      await client.close();
      lab.extension.kill();
      lab.extension.alarms.clear();
      lab.extension.start()[event].fire();
      await settled();
      expect(lab.hasAlarm).toBe(true);
      await lab.extension.advance(20_000);
      expect(lab.unfinished.size).toBe(0);
    },
  );

  it("does at once what waits out a failure when a permission is given", async () => {
    let fails = true;
    const lab = extensionLab({
      endpoints:
        (life, { connector }) =>
        async () => ({
          papers: life.connector({
            renewable: false,
            async connect(...given) {
              const connection = await connector.connect(...given);
              const request: typeof connection.request = (frame, options) => {
                if (!fails || frame.method !== "tasks/get") return connection.request(frame, options);
                return Promise.reject(
                  new RequestFailedError("tasks/get", { kind: "network", message: "CORS" }),
                );
              };
              return { ...connection, request };
            },
          }),
        }),
    });
    const task = await lab.page().client.callTool("papers", "report");
    await lab.clock.advance(60_000);
    expect(task.view.retry?.failure.message).toBe("CORS");
    fails = false;
    lab.extension.life?.onAdded.fire();
    await settled();
    expect(task.view.status).toBe("completed");
  });

  it("that closed its tasks receives nothing more, and its alarm stays for the next", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    await client.callTool("papers", "report");
    const tasks = lab.tasks();
    await tasks.close();
    await expect(tasks.client()).rejects.toBeInstanceOf(ClientClosedError);
    const polls = lab.server.times("tasks/get");
    const { life } = lab.extension;
    await lab.clock.advance(60_000);
    expect(lab.server.times("tasks/get")).toBe(polls);
    expect(life?.onConnect.listeners.size).toBe(0);
    expect(life?.onAlarm.listeners.size).toBe(0);
    expect(lab.hasAlarm).toBe(true);
  });

  it("without the permission for alarms says so", () => {
    const lab = extensionLab();
    const { runtime } = lab.extension.openPage().browser;
    const make = () =>
      new ExtensionTasks({ browser: { runtime }, store: memoryStore(), endpoints: async () => ({}) });
    expect(make).toThrow("`alarms`");
  });

  it("leaves alarms of other names to the app", async () => {
    const lab = extensionLab();
    const life = lab.extension.start();
    await settled();
    const { length } = lab.extension.log;
    life.onAlarm.fire({ name: "the app's own", scheduledTime: 0 });
    await settled();
    expect(lab.extension.log).toHaveLength(length);
  });
});
