import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Connector } from "holdfast";
import { DurableTasks, type ObjectState } from "holdfast/durable-object";
import { expect, it } from "vitest";
import { countedStorage } from "../../../worker/group/counted-storage.ts";
import { Counters } from "../../../worker/operations/counters.ts";

const POLLS = 26;

/** A server that stamps each reply with its own time, and has nothing new to say. */
class RestlessServer implements Connector {
  readonly renewable = false;
  polls = 0;

  async connect() {
    return {
      session: {
        generation: "2026-07-28",
        protocolVersion: "2026-07-28",
        serverCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
      } as const,
      request: async ({ method }: { method: string }) => {
        if (method === "tools/list") return { tools: [{ name: "slow", inputSchema: { type: "object" } }] };
        if (method === "tasks/get") this.polls++;
        const at = new Date().toISOString();
        const stamps = { createdAt: at, lastUpdatedAt: at };
        const task = { taskId: "task-1", status: "working", ttlMs: 60_000, pollIntervalMs: 100, ...stamps };
        return { resultType: method === "tools/call" ? "task" : "complete", ...task };
      },
      respond: async () => undefined,
      refuse: async () => undefined,
      close: async () => undefined,
    };
  }
}

it("26 polls that bring only later time stamps write no row and publish no change, over two lives of the object", () =>
  runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_object, { storage }) => {
    const counters = new Counters();
    const server = new RestlessServer();
    const changes: unknown[] = [];
    /** The object's own alarm would go off for the object under test, which this one is not. */
    let alarm: number | null = null;
    const life = (): DurableTasks => {
      const state: ObjectState = {
        id: { toString: () => "object" },
        storage: {
          ...countedStorage(storage, counters),
          getAlarm: async () => alarm,
          setAlarm: async (at) => {
            alarm = at;
          },
        },
      };
      const tasks = new DurableTasks(state, { endpoints: { lab: server } });
      tasks.watch((change) => changes.push(change));
      tasks.client.subscribe((task) => changes.push(task.view));
      return tasks;
    };
    const pollUntil = async (tasks: DurableTasks, polls: number): Promise<void> => {
      while (server.polls < polls) {
        await scheduler.wait(20);
        await tasks.client.step();
      }
    };
    const first = life();
    await first.client.callTool("lab", "slow");
    await pollUntil(first, 1);
    const second = life();
    await second.resume();
    await pollUntil(second, 2);
    counters.take();
    changes.length = 0;
    const position = second.position();
    await pollUntil(second, 2 + POLLS);
    expect(counters.take()?.rows_written).toBeUndefined();
    expect(changes).toEqual([]);
    expect([...(second.changes(position) ?? [])]).toEqual([]);
    await first.client.close();
    await second.client.close();
  }));
