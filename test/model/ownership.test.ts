import { describe, expect, it } from "vitest";
import { leads, own } from "../../src/engine/ownership.ts";
import { check } from "./check.ts";
import type { Machine } from "./tab-model.ts";

describe("the ownership of tabs, in every state of a small model", () => {
  it.each([
    [2, 0, 1_000_000],
    [2, 1, 15_000],
    [2, 3, 10_000],
    [3, 0, 1_000_000],
    [3, 1, 10_000],
  ])(
    "%i tabs, %i faults, up to %i states: a leader that was replaced stops, one tab leads and runs the task",
    (tabs, faults, most) => {
      const { states, depth, violation } = check(tabs, faults, own, most);
      console.log(`ownership: ${states} states of ${tabs} tabs with ${faults} faults, ${depth} steps deep`);
      expect(violation).toBeUndefined();
      expect(states).toBeGreaterThan(200);
    },
  );
});

describe("the model finds", () => {
  const faults: Readonly<Record<string, Machine>> = {
    "an epoch that is not raised": (state, event) => {
      const next = own(state, event);
      return event.type === "granted" ? { ...next, state: { ...next.state, epoch: state.epoch } } : next;
    },
    "a message of an earlier epoch that is accepted": (state, event) => {
      const next = own(state, event);
      return next.stale ? { ...next, commands: [], stale: false } : next;
    },
    "a leader that goes on when it learns of a later epoch": (state, event) => {
      const next = own(state, event);
      return event.type === "heard" && leads(state) ? { ...next, state, commands: [] } : next;
    },
    "a leader that goes on when its lock is stolen": (state, event) =>
      event.type === "lost" && leads(state) ? { state, commands: [], stale: false } : own(state, event),
    "a leader that was replaced and does not queue for the lock": (state, event) => {
      const next = own(state, event);
      return { ...next, commands: next.commands.filter((command) => command !== "queue") };
    },
    "a silent leader that is not replaced": (state, event) =>
      event.type === "silent" ? own(state, { ...event, visible: false }) : own(state, event),
    "a task that is offered and not taken": (state, event) =>
      event.type === "offered" ? { state, commands: [], stale: false } : own(state, event),
  };
  it.each(Object.entries(faults))("%s", (_what, machine) => {
    const { violation } = check(2, 3, machine, 60_000);
    expect(violation).toBeDefined();
    expect(violation?.steps.length).toBeGreaterThan(0);
  });
});
