// @vitest-environment jsdom
import { cleanup, render } from "@testing-library/react";
import { type ReactElement, StrictMode } from "react";
import { afterEach, describe, expect, it } from "vitest";
import {
  TaskClientProvider,
  useInputRequests,
  useTask,
  useTaskClient,
  useTasks,
} from "../../../src/react/index.ts";
import type { TaskClientApi } from "../../../src/task-client-api.ts";
import { Reader } from "./reader.tsx";
import { meanwhile, renderWith } from "./rendering.tsx";
import { running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

function Everything(): ReactElement {
  const tasks = useTasks();
  const questions = useInputRequests();
  const one = useTask("task-1");
  return <p>{`${tasks.length} ${questions.length} ${one?.status}`}</p>;
}

describe("TaskClientProvider", () => {
  it("subscribes to its client once, however many hooks look", async () => {
    const client = new ScriptedClient(running(1));
    const screen = await renderWith(client, [<Everything key="a" />, <Everything key="b" />]);
    expect(screen.text).toBe("1 0 working".repeat(2));
    expect([client.subscriptions, client.listeners]).toEqual([1, 1]);
    expect(client.lists).toBe(1);
  });

  it("stays subscribed while components come and go, and lists once", async () => {
    const client = new ScriptedClient(running(1));
    const screen = await renderWith(client, <Everything key="a" />);
    for (const key of ["b", "c"]) await screen.show(<Everything key={key} />);
    expect([client.subscriptions, client.listeners, client.lists]).toEqual([1, 1, 1]);
  });

  it("leaves no listener behind", async () => {
    const client = new ScriptedClient(running(1));
    const screen = await renderWith(client, <Everything />);
    screen.unmount();
    expect([client.subscriptions, client.listeners]).toEqual([1, 0]);
  });

  it("nor under StrictMode, which mounts twice", async () => {
    const client = new ScriptedClient(running(1));
    const screen = render(
      <StrictMode>
        <TaskClientProvider client={client}>
          <Everything />
        </TaskClientProvider>
      </StrictMode>,
    );
    await meanwhile(() => undefined);
    expect(client.subscriptions, "StrictMode is on").toBeGreaterThan(1);
    expect(client.listeners).toBe(1);
    await meanwhile(() => client.completes("task-1"));
    expect(screen.container.textContent).toBe("1 0 completed");
    screen.unmount();
    expect(client.listeners).toBe(0);
  });

  it("shares one subscription with another provider of the same client", async () => {
    const client = new ScriptedClient(running(1));
    const first = await renderWith(client, <Everything />);
    const second = await renderWith(client, <Everything />);
    expect([client.subscriptions, client.lists]).toEqual([1, 1]);
    first.unmount();
    await meanwhile(() => client.completes("task-1"));
    expect(second.text).toBe("1 0 completed");
    second.unmount();
    expect(client.listeners).toBe(0);
  });

  it("goes over to another client, and shows nothing of the first", async () => {
    const first = new ScriptedClient(running(1), running(2));
    const second = new ScriptedClient(running(1));
    const screen = await renderWith(first, <Everything />);
    expect(screen.text).toBe("2 0 working");
    await screen.show(<Everything />, second);
    expect(screen.text).toBe("1 0 working");
    expect([first.listeners, second.listeners]).toEqual([0, 1]);
  });

  it("gives the client itself by useTaskClient", async () => {
    const client = new ScriptedClient();
    const seen: TaskClientApi[] = [];
    await renderWith(client, <Reader read={() => useTaskClient()} seen={seen} />);
    expect(seen[0]).toBe(client);
  });

  it("is missed: a hook without one says so", () => {
    expect(() => render(<Everything />)).toThrow("There is no TaskClientProvider above this component");
  });
});
