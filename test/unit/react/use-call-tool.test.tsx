// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { type ToolCall, useCallTool, useForgetTask, useTasks } from "../../../src/react/index.ts";
import { settledRecord } from "../../fixtures/records.ts";
import { Reader } from "./reader.tsx";
import { meanwhile, renderWith, type Screen } from "./rendering.tsx";
import { type HeldCall, running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

function text({ task, pending, error }: ToolCall): string {
  const stands = task ? `${task.id} ${task.snapshot?.statusMessage ?? task.status}` : "nothing";
  return [stands, ...(pending ? ["pending"] : []), ...(error === undefined ? [] : [`${error}`])].join(", ");
}

/** A component that calls a tool of the lab, on a screen of its own. */
class Caller {
  readonly client: ScriptedClient = new ScriptedClient();
  readonly seen: ToolCall[] = [];
  #screen: Screen | undefined;

  static async of(tool: string): Promise<Caller> {
    const caller = new Caller();
    caller.#screen = await renderWith(caller.client, caller.#component(tool));
    return caller;
  }

  get screen(): Screen {
    if (!this.#screen) throw new Error("Nothing is on the screen");
    return this.#screen;
  }

  get now(): ToolCall {
    const now = this.seen.at(-1);
    if (!now) throw new Error("Nothing was rendered");
    return now;
  }

  /** The call with this number that reached the client. */
  made(number: number): HeldCall {
    const call = this.client.calls[number];
    if (!call) throw new Error(`There was no call ${number}`);
    return call;
  }

  over(tool: string): Promise<void> {
    return this.screen.show(this.#component(tool));
  }

  #component(tool: string): ReactElement {
    return <Reader read={() => useCallTool("lab", tool)} text={text} seen={this.seen} />;
  }
}

describe("useCallTool", () => {
  it("calls its tool with the arguments, shows that the call is pending, and then its task", async () => {
    const caller = await Caller.of("acquire");
    expect(caller.screen.text).toBe("nothing");
    const args = { doi: "10.1000/182" };
    const options = { ttlMs: 60_000 };
    let given: unknown;
    await meanwhile(() => {
      void caller.now.call(args, options).then((task) => {
        given = task;
      });
    });
    expect(caller.screen.text).toBe("nothing, pending");
    const call = caller.made(0);
    expect([call.endpoint, call.tool, call.args, call.options]).toEqual(["lab", "acquire", args, options]);
    const task = caller.client.publish("task-1", {});
    await meanwhile(() => call.resolve(task));
    expect(caller.screen.text).toBe("task-1 working");
    expect(given).toBe(task);
    await meanwhile(() => caller.client.says("task-1", "Halfway"));
    expect(caller.screen.text).toBe("task-1 Halfway");
    await meanwhile(() => caller.client.completes("task-1"));
    expect(caller.now.task?.outcome?.kind).toBe("completed");
    expect(caller.client.gets, "the handle is all it needs").toEqual([]);
  });

  it("shows the result of a plain call, although the client does not hold it", async () => {
    const caller = await Caller.of("lookup");
    await meanwhile(() => void caller.now.call());
    const elsewhere = new ScriptedClient(settledRecord({ id: "plain" }));
    const plain = await elsewhere.get("plain");
    if (!plain) throw new Error("The other client does not hold it");
    await meanwhile(() => caller.made(0).resolve(plain));
    expect(caller.screen.text).toBe("plain completed");
    expect(caller.now.task).toBe(plain.view);
  });

  it("still shows it when the client's tasks are listed, although it is not among them", async () => {
    const client = new ScriptedClient(running(1));
    const seen: ToolCall[] = [];
    const called = <Reader key="called" read={() => useCallTool("lab", "lookup")} text={text} seen={seen} />;
    const all = <Reader key="all" read={() => useTasks()} text={(tasks) => `, of ${tasks.length}`} />;
    const screen = await renderWith(client, [called]);
    await meanwhile(() => void seen.at(-1)?.call());
    const plain = await new ScriptedClient(settledRecord({ id: "plain" })).get("plain");
    await meanwhile(() => plain && client.calls[0]?.resolve(plain));
    await screen.show([called, all]);
    expect(screen.text).toBe("plain completed, of 2");
  });

  it("shows why a call came to nothing; call resolves all the same", async () => {
    const caller = await Caller.of("acquire");
    let calling: Promise<unknown> = Promise.resolve("not called");
    await meanwhile(() => {
      calling = caller.now.call();
    });
    await meanwhile(() => caller.made(0).reject(new Error("No such tool")));
    expect(caller.screen.text).toBe("nothing, Error: No such tool");
    expect(await calling).toBeUndefined();
    await meanwhile(() => void caller.now.call());
    expect(caller.screen.text, "and no more, once it is called again").toBe("nothing, pending");
  });

  it("shows the latest call, whichever is answered first", async () => {
    const caller = await Caller.of("acquire");
    await meanwhile(() => void caller.now.call());
    await meanwhile(() => void caller.now.call());
    await meanwhile(() => caller.made(1).resolve(caller.client.publish("task-2", {})));
    expect(caller.screen.text).toBe("task-2 working");
    await meanwhile(() => caller.made(0).resolve(caller.client.publish("task-1", {})));
    expect(caller.screen.text).toBe("task-2 working");
  });

  it("shows nothing after a reset, also of what comes later", async () => {
    const caller = await Caller.of("acquire");
    await meanwhile(() => void caller.now.call());
    await meanwhile(() => caller.now.reset());
    expect(caller.screen.text).toBe("nothing");
    await meanwhile(() => caller.made(0).reject(new Error("Too late")));
    expect(caller.screen.text).toBe("nothing");
    await meanwhile(() => void caller.now.call());
    await meanwhile(() => caller.made(1).resolve(caller.client.publish("task-1", {})));
    expect(caller.screen.text).toBe("task-1 working");
    await meanwhile(() => caller.now.reset());
    expect(caller.screen.text).toBe("nothing");
  });

  it("shows nothing of another tool's call, nor of another client's", async () => {
    const caller = await Caller.of("acquire");
    await meanwhile(() => void caller.now.call());
    await meanwhile(() => caller.made(0).resolve(caller.client.publish("task-1", {})));
    const before = caller.now;
    await caller.over("search");
    expect(caller.screen.text).toBe("nothing");
    await caller.over("acquire");
    expect(caller.screen.text).toBe("task-1 working");
    const other = new ScriptedClient();
    await caller.screen.show(
      <Reader read={() => useCallTool("lab", "acquire")} text={text} seen={caller.seen} />,
      other,
    );
    expect([caller.seen.at(-1)?.task, other.gets]).toEqual([undefined, []]);
    expect(caller.now.call).not.toBe(before.call);
  });

  it("gives the same functions until the tool is another", async () => {
    const caller = await Caller.of("acquire");
    await meanwhile(() => void caller.now.call());
    await caller.over("acquire");
    expect(new Set(caller.seen.map(({ call }) => call)).size).toBe(1);
    expect(new Set(caller.seen.map(({ reset }) => reset)).size).toBe(1);
    await caller.over("search");
    expect(new Set(caller.seen.map(({ call }) => call)).size).toBe(2);
  });

  it("lets a call go on when it is unmounted", async () => {
    const caller = await Caller.of("acquire");
    let given: unknown;
    await meanwhile(() => {
      void caller.now.call().then((task) => {
        given = task?.id;
      });
    });
    caller.screen.unmount();
    await meanwhile(() => caller.made(0).resolve(caller.client.publish("task-1", {})));
    expect(given).toBe("task-1");
    expect(caller.client.listeners).toBe(0);
  });

  it("shows no task that was forgotten", async () => {
    const client = new ScriptedClient();
    const seen: ToolCall[] = [];
    const given: ((id: string) => Promise<void>)[] = [];
    const screen = await renderWith(client, [
      <Reader key="call" read={() => useCallTool("lab", "acquire")} text={text} seen={seen} />,
      <Reader key="forget" read={() => useForgetTask()} seen={given} />,
    ]);
    await meanwhile(() => void seen.at(-1)?.call());
    await meanwhile(() => client.calls[0]?.resolve(client.publish("task-1", {})));
    await meanwhile(() => client.completes("task-1"));
    expect(screen.text).toBe("task-1 completed");
    await meanwhile(() => given[0]?.("task-1"));
    expect(screen.text).toBe("nothing");
  });
});
