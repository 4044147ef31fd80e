// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { useForgetTask, useTask, useTaskListing, useTasks } from "../../../src/react/index.ts";
import { settledRecord, T0 } from "../../fixtures/records.ts";
import { Reader } from "./reader.tsx";
import { meanwhile, renderWith } from "./rendering.tsx";
import { held, running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

const list = (
  <Reader
    key="list"
    read={() => useTasks()}
    text={(tasks) => tasks.map(({ id, status }) => `${id} ${status}`).join(", ")}
  />
);

function Listing(): ReactElement {
  const listing = useTaskListing();
  return (
    <button type="button" onClick={listing.retry}>
      {listing.status === "failed" ? `${listing.error}` : listing.status}
    </button>
  );
}

describe("useTaskListing", () => {
  it("is loading until the tasks are listed", async () => {
    const client = new ScriptedClient();
    const gate = held<void>();
    client.gate = gate.promise;
    const screen = await renderWith(client, <Listing />);
    expect(screen.text).toBe("loading");
    await meanwhile(() => gate.resolve());
    expect(screen.text).toBe("ready");
  });

  it("is the same object until it changes", async () => {
    const client = new ScriptedClient(running(1));
    const seen: unknown[] = [];
    await renderWith(client, [<Reader key="listing" read={() => useTaskListing()} seen={seen} />, list]);
    await meanwhile(() => client.says("task-1", "Halfway"));
    expect(seen).toMatchObject([{ status: "loading" }, { status: "ready" }]);
  });

  it("has failed with what the client said, and is tried again when it is asked to be", async () => {
    const client = new ScriptedClient(running(1));
    const gate = held<void>();
    client.gate = gate.promise;
    const screen = await renderWith(client, [<Listing key="listing" />, list]);
    await meanwhile(() => gate.reject(new Error("The worker is away")));
    expect(screen.text).toBe("Error: The worker is away");
    await meanwhile(() => client.publish("task-2", { createdAt: T0 + 2 }));
    expect(screen.container.querySelector("p")?.textContent, "an update is shown all the same").toBe(
      "task-2 working",
    );
    client.gate = undefined;
    await meanwhile(() => screen.container.querySelector("button")?.click());
    expect(screen.text).toBe("readytask-1 working, task-2 working");
    expect(client.lists).toBe(2);
  });
});

describe("a failure that comes after its readers have gone, and others come", () => {
  it("is not theirs", async () => {
    const client = new ScriptedClient();
    const late = held<void>();
    client.gate = late.promise;
    (await renderWith(client, <Listing />)).unmount();
    client.gate = undefined;
    const screen = await renderWith(client, <Listing />);
    expect(screen.text).toBe("ready");
    await meanwhile(() => late.reject(new Error("The worker was away")));
    expect(screen.text).toBe("ready");
  });
});

describe("a task that another tab deletes", () => {
  const over = settledRecord({ id: "over", createdAt: T0 });

  it("is taken out of what is shown", async () => {
    const client = new ScriptedClient(running(1), over);
    const one = (
      <Reader
        key="one"
        read={() => useTask("over")}
        text={(over) => ` ${over === null ? null : over?.status}`}
      />
    );
    const screen = await renderWith(client, [list, one]);
    expect(screen.text).toBe("over completed, task-1 working completed");
    await meanwhile(() => client.loses("over"));
    expect(screen.text).toBe("task-1 working null");
  });

  it("stays away, although it is on a list that was asked for before", async () => {
    const client = new ScriptedClient(running(1), over);
    const late = held<void>();
    client.gate = late.promise;
    const screen = await renderWith(client, list);
    await meanwhile(() => client.loses("over"));
    await meanwhile(() => late.resolve());
    expect(screen.text).toBe("task-1 working");
    await meanwhile(() => client.completes("over"));
    expect(screen.text, "its id was given anew").toBe("over completed, task-1 working");
  });
});

describe("useForgetTask", () => {
  it("deletes what is settled, and takes it out of what is shown; leaves what runs", async () => {
    const client = new ScriptedClient(running(1), settledRecord({ id: "over", createdAt: T0 }));
    const given: ((id: string) => Promise<void>)[] = [];
    const screen = await renderWith(client, [
      list,
      <Reader key="forget" read={() => useForgetTask()} seen={given} />,
      <Reader
        key="one"
        read={() => useTask("over")}
        text={(over) => ` ${over === null ? null : over?.status}`}
      />,
    ]);
    expect(screen.text).toBe("over completed, task-1 working completed");
    await meanwhile(() => given[0]?.("over"));
    await meanwhile(() => given[0]?.("task-1"));
    expect(screen.text).toBe("task-1 working null");
    expect((await client.list()).map(({ id }) => id)).toEqual(["task-1"]);
  });
});
