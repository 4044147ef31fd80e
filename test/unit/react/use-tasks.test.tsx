// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { type TaskFilter, useTaskIds, useTasks } from "../../../src/react/index.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { settledRecord, T0 } from "../../fixtures/records.ts";
import { Reader } from "./reader.tsx";
import { Commits, meanwhile, renderWith } from "./rendering.tsx";
import { held, running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

type Tasks = readonly TaskView[];

const words = (tasks: Tasks): string => tasks.map(({ id, status }) => `${id} ${status}`).join(", ");

/** Reads all tasks, or those that fit; with a new filter in every render, as most components have it. */
function list(seen: Tasks[] = [], filter?: TaskFilter): ReactElement {
  return <Reader key="list" read={() => useTasks(filter && { ...filter })} text={words} seen={seen} />;
}

describe("useTasks", () => {
  it("is empty first, then all tasks, the earliest first", async () => {
    const client = new ScriptedClient(running(2), settledRecord({ id: "task-1" }));
    const seen: Tasks[] = [];
    await renderWith(client, list(seen));
    expect(seen.map(words)).toEqual(["", "task-1 completed, task-2 working"]);
  });

  it("follows tasks that begin, change and end; a task that is published late is in its place", async () => {
    const client = new ScriptedClient(running(2));
    const screen = await renderWith(client, list());
    await meanwhile(() => client.publish("task-3", { createdAt: T0 + 3 }));
    expect(screen.text).toBe("task-2 working, task-3 working");
    await meanwhile(() => client.publish("task-1", { createdAt: T0 + 1 }));
    expect(screen.text).toBe("task-1 working, task-2 working, task-3 working");
    await meanwhile(() => client.completes("task-2"));
    expect(screen.text).toBe("task-1 working, task-2 completed, task-3 working");
  });

  it("gives new objects for what changed, and the same for what did not", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const seen: Tasks[] = [];
    await renderWith(client, list(seen));
    const before = seen.at(-1);
    await meanwhile(() => client.says("task-2", "Halfway"));
    const after = seen.at(-1);
    expect(after).not.toBe(before);
    expect(after?.[0]).toBe(before?.[0]);
    expect(after?.[1]?.snapshot?.statusMessage).toBe("Halfway");
    expect(before?.[1]?.status, "what was given stays as it was").toBe("working");
    expect(before?.[1]?.snapshot?.statusMessage).toBeUndefined();
  });

  it("gives the same array when the component renders for another reason", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const seen: Tasks[] = [];
    const filter: TaskFilter = { where: ({ id }) => id === "task-1" };
    const screen = await renderWith(client, list(seen, filter));
    const renders = seen.length;
    await screen.show(list(seen, filter));
    expect(seen).toHaveLength(renders + 1);
    expect(seen.at(-1)).toBe(seen.at(-2));
    expect(seen.at(-1)).toHaveLength(1);
  });

  it("is not rendered when the client publishes a task that has not changed", async () => {
    const client = new ScriptedClient(running(1));
    const seen: Tasks[] = [];
    await renderWith(client, list(seen));
    const renders = seen.length;
    await meanwhile(() => client.publish("task-1", {}));
    expect(seen).toHaveLength(renders);
    await meanwhile(() => client.says("task-1", "But now"));
    expect(seen).toHaveLength(renders + 1);
  });

  it("keeps updates that arrive while the list is loading, and ignores what is older in the list", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const gate = held<void>();
    client.gate = gate.promise;
    const screen = await renderWith(client, list());
    await meanwhile(() => client.completes("task-2"));
    await meanwhile(() => client.publish("task-3", { createdAt: T0 + 3 }));
    expect(screen.text).toBe("task-2 completed, task-3 working");
    await meanwhile(() => gate.resolve());
    expect(screen.text).toBe("task-1 working, task-2 completed, task-3 working");
  });

  it("has, when it comes back, what changed and was deleted meanwhile", async () => {
    const client = new ScriptedClient(running(1), running(2), settledRecord({ id: "task-0", createdAt: T0 }));
    const screen = await renderWith(client, list());
    expect(screen.text).toBe("task-0 completed, task-1 working, task-2 working");
    screen.unmount();
    client.completes("task-1");
    client.publish("task-3", { createdAt: T0 + 3 });
    await client.forget("task-0");
    const again = await renderWith(client, list());
    expect(again.text).toBe("task-1 completed, task-2 working, task-3 working");
  });
});

describe("a list that comes after its readers have gone, and others come", () => {
  it("is not theirs", async () => {
    const client = new ScriptedClient(running(1));
    const late = held<void>();
    client.gate = late.promise;
    (await renderWith(client, list())).unmount();
    client.gate = undefined;
    client.change("task-2", { createdAt: T0 + 2 });
    const screen = await renderWith(client, list());
    expect(screen.text).toBe("task-1 working, task-2 working");
    await meanwhile(() => late.resolve());
    expect(screen.text).toBe("task-1 working, task-2 working");
  });
});

describe("a filter of useTasks", () => {
  const records = [
    running(1, { endpoint: "papers", call: { name: "acquire" } }),
    running(2, { endpoint: "papers", call: { name: "search" } }),
    running(3, { endpoint: "mail", call: { name: "search" } }),
    settledRecord({ id: "task-4", endpoint: "mail", createdAt: T0 + 4 }),
  ];

  it.each<[string, TaskFilter, string]>([
    ["an endpoint", { endpoint: "papers" }, "12"],
    ["several endpoints", { endpoint: ["papers", "mail"] }, "1234"],
    ["a tool", { tool: "search" }, "23"],
    ["several tools", { tool: ["search", "acquire"] }, "123"],
    ["a status", { status: "completed" }, "4"],
    ["several statuses", { status: ["completed", "failed"] }, "4"],
    ["a predicate", { where: ({ createdAt }) => createdAt > T0 + 2 }, "34"],
    ["all at once", { endpoint: "mail", status: "working", where: ({ outcome }) => !outcome }, "3"],
    ["nothing", {}, "1234"],
    ["an empty list", { status: [] }, ""],
  ])("by %s", async (_by, filter, numbers) => {
    const seen: Tasks[] = [];
    await renderWith(new ScriptedClient(...records), [
      list(seen, filter),
      <Reader key="all" read={() => useTasks()} text={(all) => `${all.length}`} />,
    ]);
    expect(
      seen
        .at(-1)
        ?.map(({ id }) => id.replace("task-", ""))
        .join(""),
    ).toBe(numbers);
  });

  it("renders for the tasks that fit, and for no others", async () => {
    const client = new ScriptedClient(...records);
    const seen: Tasks[] = [];
    await renderWith(client, list(seen, { endpoint: "papers", status: "working" }));
    const renders = seen.length;
    await meanwhile(() => client.says("task-3", "Another's"));
    expect(seen).toHaveLength(renders);
    await meanwhile(() => client.says("task-2", "Ours"));
    expect(seen).toHaveLength(renders + 1);
    await meanwhile(() => client.completes("task-2"));
    expect(seen.at(-1)?.map(({ id }) => id)).toEqual(["task-1"]);
  });

  it("counts as it is in this render", async () => {
    const client = new ScriptedClient(...records);
    const seen: Tasks[] = [];
    const screen = await renderWith(client, list(seen, { where: ({ tool }) => tool === "search" }));
    expect(screen.text).toBe("task-2 working, task-3 working");
    const renders = seen.length;
    await screen.show(list(seen, { where: ({ tool }) => tool === "acquire" }));
    expect(screen.text).toBe("task-1 working");
    expect(seen, "in that very render").toHaveLength(renders + 1);
  });
});

describe("useTaskIds", () => {
  it("renders when a task comes, goes or begins to fit, and for no other change", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const commits = new Commits();
    const seen: (readonly string[])[] = [];
    const ids = <Reader read={() => useTaskIds({ status: "working" })} seen={seen} />;
    await renderWith(client, commits.of("ids", ids));
    commits.clear();
    await meanwhile(() => client.says("task-1", "Halfway"));
    expect(commits.counts).toEqual({});
    await meanwhile(() => client.publish("task-3", { createdAt: T0 + 3 }));
    await meanwhile(() => client.completes("task-1"));
    expect(commits.counts).toEqual({ ids: 2 });
    expect(seen.at(-1)).toEqual(["task-2", "task-3"]);
  });
});
