// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { RecordedInput } from "../../../src/engine/record.ts";
import { type OpenQuestion, useInputRequests } from "../../../src/react/index.ts";
import { T0 } from "../../fixtures/records.ts";
import { Reader } from "./reader.tsx";
import { meanwhile, renderWith, type Screen } from "./rendering.tsx";
import { running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

type Questions = readonly OpenQuestion[];

function asks(key: string, message: string): RecordedInput {
  return { key, method: "elicitation/create", params: { message }, askedAt: T0, state: "open" };
}

function inbox(client: ScriptedClient, seen: Questions[]): Promise<Screen> {
  const text = (questions: Questions): string =>
    questions.map(({ task, request }) => `${task.id} ${request.params.message}`).join(", ");
  return renderWith(client, <Reader read={() => useInputRequests()} text={text} seen={seen} />);
}

describe("useInputRequests", () => {
  it("has the open questions of all tasks, and those asked and answered since", async () => {
    const client = new ScriptedClient(
      running(3, { inputs: [asks("a", "Name?"), asks("b", "Town?")] }),
      running(1, { inputs: [asks("a", "Edition?"), { ...asks("b", "Old?"), state: "answered" }] }),
      running(2),
    );
    const screen = await inbox(client, []);
    expect(screen.text).toBe("task-1 Edition?, task-3 Name?, task-3 Town?");
    await meanwhile(() => client.publish("task-2", { inputs: [asks("a", "Sure?")] }));
    expect(screen.text).toBe("task-1 Edition?, task-2 Sure?, task-3 Name?, task-3 Town?");
    await meanwhile(() => client.publish("task-3", { inputs: [asks("b", "Town?")] }));
    await meanwhile(() => client.completes("task-1"));
    await meanwhile(() => client.publish("task-1", { inputs: [] }));
    expect(screen.text).toContain("task-2 Sure?, task-3 Town?");
  });

  it("answers, declines and cancels the very question", async () => {
    const client = new ScriptedClient(
      running(1, { inputs: [asks("a", "Name?")] }),
      running(2, { inputs: [asks("a", "Town?"), asks("b", "Street?")] }),
    );
    const seen: Questions[] = [];
    await inbox(client, seen);
    const [name, town, street] = seen.at(-1) ?? [];
    const accepted = { action: "accept", content: { town: "Oslo" } };
    await town?.answer(accepted);
    await name?.decline();
    await street?.cancel();
    expect(client.answers).toEqual([
      { id: "task-2", key: "a", response: accepted },
      { id: "task-1", key: "a", response: { action: "decline" } },
      { id: "task-2", key: "b", response: { action: "cancel" } },
    ]);
  });

  it("is not rendered by what changes no question, and gives open ones as the same objects", async () => {
    const client = new ScriptedClient(running(1, { inputs: [asks("a", "Name?")] }), running(2));
    const seen: Questions[] = [];
    await inbox(client, seen);
    const renders = seen.length;
    await meanwhile(() => client.says("task-1", "Waiting"));
    await meanwhile(() => client.says("task-2", "Halfway"));
    expect(seen).toHaveLength(renders);
    // As it comes from a worker: the same question, in objects of its own.
    await meanwhile(() =>
      client.publish("task-1", { inputs: [asks("a", "Name?"), asks("b", "And your town?")] }),
    );
    expect(seen).toHaveLength(renders + 1);
    expect(seen.at(-1)?.[0]).toBe(seen.at(-2)?.[0]);
    expect(seen.at(-1)).toHaveLength(2);
  });

  it("takes a key that is asked again with other words for another question", async () => {
    const client = new ScriptedClient(running(1, { inputs: [asks("a", "Name?")] }));
    const seen: Questions[] = [];
    const screen = await inbox(client, seen);
    const [before] = seen.at(-1) ?? [];
    await meanwhile(() => client.publish("task-1", { inputs: [asks("a", "Full name?")], stage: "asking" }));
    await meanwhile(() => client.says("task-1", "Please"));
    expect(screen.text).toBe("task-1 Full name?");
    expect(seen.at(-1)?.[0]).not.toBe(before);
  });
});
