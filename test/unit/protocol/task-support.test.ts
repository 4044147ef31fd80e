import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import type { TaskPreference } from "../../../src/protocol/task-protocol.ts";
import type { TaskSupport } from "../../../src/protocol/tool-facts.ts";

/** 2025-11-25 tasks, "Tool-Level Negotiation": whether a tool is called as a task. */
function calledAsTask(
  capabilities: JsonObject,
  taskSupport: TaskSupport | undefined,
  preference: TaskPreference,
): boolean {
  const tool = taskSupport && { taskSupport, repeatable: false };
  return revision2025.mayBecomeTask(capabilities, tool, preference, "report");
}

const SUPPORTING = { tasks: { requests: { tools: { call: {} } } } };

const UNSUPPORTING: Record<string, JsonObject> = {
  "no capabilities": {},
  "no tasks": { tools: {} },
  "tasks without requests": { tasks: { list: {}, cancel: {} } },
  "requests without tools": { tasks: { requests: {} } },
  "tools without call": { tasks: { requests: { tools: {} } } },
  "another direction's requests": { tasks: { requests: { sampling: { createMessage: {} } } } },
  "a call that is neither an object nor true": { tasks: { requests: { tools: { call: "yes" } } } },
};

const SUPPORTS = [undefined, "forbidden", "optional", "required"] as const;
const PREFERENCES = ["task", "plain"] as const;

describe("2025-11-25: whether a tool is called as a task", () => {
  for (const [name, capabilities] of Object.entries(UNSUPPORTING)) {
    for (const support of SUPPORTS) {
      for (const preference of PREFERENCES) {
        it(`never with ${name} (taskSupport ${support ?? "absent"}, ${preference} preferred)`, () => {
          expect(calledAsTask(capabilities, support, preference)).toBe(false);
        });
      }
    }
  }

  it.each([
    { tasks: true },
    { tasks: { requests: true } },
    { tasks: { requests: { tools: { call: true } } } },
  ])("with a server that says true where the specification has an object: %j", (capabilities) => {
    expect(calledAsTask(capabilities, "optional", "task")).toBe(true);
  });

  it.each([
    [undefined, "task", false],
    [undefined, "plain", false],
    ["forbidden", "task", false],
    ["forbidden", "plain", false],
    ["optional", "task", true],
    ["optional", "plain", false],
    ["required", "task", true],
    ["required", "plain", true],
  ] as const)("with the capability, taskSupport %s, %s preferred: %s", (support, preference, expected) => {
    expect(calledAsTask(SUPPORTING, support, preference)).toBe(expected);
  });
});
