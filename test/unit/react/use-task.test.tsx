// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { useTask, useTaskIds, useTasks } from "../../../src/react/index.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { settledRecord, T0 } from "../../fixtures/records.ts";
import { Reader } from "./reader.tsx";
import { Commits, meanwhile, renderWith } from "./rendering.tsx";
import { held, running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

function One({ id }: { readonly id: string | undefined }): ReactElement {
  const task = useTask(id);
  return <p>{task ? `${task.id} ${task.snapshot?.statusMessage ?? task.status}` : String(task)}</p>;
}

describe("useTask", () => {
  it("is undefined until the client has given it, and follows it then", async () => {
    const client = new ScriptedClient(running(1));
    const gate = held<void>();
    client.gate = gate.promise;
    const screen = await renderWith(client, <One id="task-1" />);
    expect(screen.text).toBe("undefined");
    await meanwhile(() => gate.resolve());
    expect(screen.text).toBe("task-1 working");
    await meanwhile(() => client.says("task-1", "Halfway"));
    expect(screen.text).toBe("task-1 Halfway");
    expect([client.gets, client.lists]).toEqual([["task-1"], 0]);
  });

  it("is null while the client has no task with this id", async () => {
    const client = new ScriptedClient();
    const screen = await renderWith(client, <One id="task-1" />);
    expect(screen.text).toBe("null");
    await meanwhile(() => client.publish("task-1", {}));
    expect(screen.text).toBe("task-1 working");
  });

  it("asks the client once, for however many components", async () => {
    const client = new ScriptedClient(running(1));
    const screen = await renderWith(client, [<One key="a" id="task-1" />, <One key="b" id="task-1" />]);
    await screen.show([<One key="c" id="task-1" />, <One key="b" id="task-1" />]);
    expect(client.gets).toEqual(["task-1"]);
  });

  it("asks for nothing without an id, and goes over to another", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const screen = await renderWith(client, <One id={undefined} />);
    expect([screen.text, client.gets]).toEqual(["undefined", []]);
    await screen.show(<One id="task-1" />);
    expect(screen.text).toBe("task-1 working");
    await screen.show(<One id="task-2" />);
    await meanwhile(() => client.says("task-1", "Nobody looks"));
    expect(screen.text).toBe("task-2 working");
    await meanwhile(() => client.says("task-2", "Halfway"));
    expect(screen.text).toBe("task-2 Halfway");
  });

  it("stays unknown when the client cannot be asked, and is asked for by the next who looks", async () => {
    const client = new ScriptedClient(running(1));
    const gate = held<void>();
    client.gate = gate.promise;
    const screen = await renderWith(client, [<One key="a" id="task-1" />]);
    await meanwhile(() => gate.reject(new Error("The worker is away")));
    expect(screen.text).toBe("undefined");
    client.gate = undefined;
    await screen.show([<One key="a" id="task-1" />, <One key="b" id="task-1" />]);
    expect(screen.text).toBe("task-1 working".repeat(2));
  });

  it("has, when it comes back, what changed meanwhile", async () => {
    const client = new ScriptedClient(running(1));
    const screen = await renderWith(client, <One id="task-1" />);
    expect(screen.text).toBe("task-1 working");
    screen.unmount();
    client.says("task-1", "Halfway");
    const again = await renderWith(client, <One id="task-1" />);
    expect(again.text).toBe("task-1 Halfway");
    expect(client.gets).toEqual(["task-1"]);
  });

  it("believes no answer that was asked for before it came back", async () => {
    const client = new ScriptedClient();
    const [first, second] = [held<void>(), held<void>()];
    client.gate = first.promise;
    (await renderWith(client, <One id="task-1" />)).unmount();
    client.change("task-1", {});
    client.gate = second.promise;
    const screen = await renderWith(client, <One id="task-1" />);
    await meanwhile(() => first.resolve());
    expect(screen.text).toBe("undefined");
    await meanwhile(() => second.resolve());
    expect(screen.text).toBe("task-1 working");
  });

  it("is the same object while the task is as it was, and keeps its outcome", async () => {
    const client = new ScriptedClient(settledRecord({ id: "over" }));
    const seen: (TaskView | null | undefined)[] = [];
    await renderWith(client, [
      <Reader key="one" read={() => useTask("over")} seen={seen} />,
      <Reader key="all" read={() => useTasks()} />,
    ]);
    // Each time it is asked for, the client gives a settled task another handle.
    await meanwhile(() => client.publish("over", {}));
    const known = seen.filter((task) => task !== undefined);
    expect(new Set(known).size).toBe(1);
    expect(known[0]).toMatchObject({ status: "completed", outcome: { kind: "completed" } });
  });
});

describe("what is rendered", () => {
  it("when one of many tasks changes: its readers, and nobody else", async () => {
    const client = new ScriptedClient(...Array.from({ length: 50 }, (_, index) => running(index)));
    const commits = new Commits();
    const tables: unknown[] = [];
    await renderWith(client, [
      <Reader key="table" read={() => useTaskIds()} seen={tables} />,
      ...Array.from({ length: 50 }, (_, index) => commits.of(`row ${index}`, <One id={`task-${index}`} />)),
      commits.of("another reader", <One id="task-7" />),
      commits.of("a list it is not in", <Reader read={() => useTasks({ endpoint: "papers" })} />),
      commits.of("a list it is in", <Reader read={() => useTasks({ endpoint: "lab" })} />),
    ]);
    expect(Object.keys(commits.counts)).toHaveLength(53);
    expect(tables.at(-1)).toHaveLength(50);
    const renders = tables.length;
    commits.clear();
    await meanwhile(() => client.says("task-7", "Halfway"));
    expect(commits.counts).toEqual({ "row 7": 1, "another reader": 1, "a list it is in": 1 });
    expect(tables).toHaveLength(renders);
  });

  it("when several change at once: each reader once", async () => {
    const client = new ScriptedClient(running(1), running(2));
    const commits = new Commits();
    await renderWith(client, [
      commits.of("one", <One id="task-1" />),
      commits.of("two", <One id="task-2" />),
    ]);
    commits.clear();
    await meanwhile(() => {
      client.says("task-1", "First");
      client.says("task-2", "Second");
      client.publish("task-3", { createdAt: T0 + 3 });
      client.says("task-1", "Third");
    });
    expect(commits.counts).toEqual({ one: 1, two: 1 });
  });
});
