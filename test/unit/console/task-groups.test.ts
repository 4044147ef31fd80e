import type { TaskView } from "holdfast";
import { expect, it } from "vitest";
import { groupsOf } from "../../../ui/tasks/task-groups.ts";

const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function task(id: string, more: Partial<TaskView> = {}): TaskView {
  return {
    id,
    endpoint: "papers",
    tool: "acquire",
    arguments: {},
    status: "working",
    rev: 1,
    createdAt: 0,
    inputRequests: [],
    cancelling: false,
    ...more,
  };
}

function namesOf(tasks: readonly TaskView[], by: "server" | "tool" | "conversation") {
  return groupsOf(tasks, by).map(({ name, tasks: members }) => [name, members.map(({ id }) => id)]);
}

it("groupsOf() groups by server and by tool, in the order in which each first comes", () => {
  const tasks = [task("a"), task("b", { endpoint: "press", tool: "print" }), task("c", { tool: "print" })];
  expect(namesOf(tasks, "server")).toEqual([
    ["papers", ["a", "c"]],
    ["press", ["b"]],
  ]);
  expect(namesOf(tasks, "tool")).toEqual([
    ["acquire", ["a"]],
    ["print", ["b", "c"]],
  ]);
});

it("groupsOf() takes as conversation the addressee of a task, then the trace of its call, then none", () => {
  const tasks = [
    task("a", { addressees: ["chat 7", "phone"] }),
    task("b", { trace: { traceparent: TRACE } }),
    task("c"),
    task("d", { addressees: ["chat 7"], trace: { traceparent: TRACE } }),
    task("e", { addressees: [] }),
  ];
  expect(namesOf(tasks, "conversation")).toEqual([
    ["chat 7", ["a", "d"]],
    ["trace 4bf92f3577b34da6a3ce929d0e0e4736", ["b"]],
    ["", ["c", "e"]],
  ]);
});

it("groupsOf() names groups apart from tasks, and those of one grouping apart from those of another", () => {
  const tasks = [task("server papers")];
  const ids = (["server", "tool", "conversation"] as const).flatMap((by) =>
    groupsOf(tasks, by).map(({ id }) => id),
  );
  expect(new Set(ids).size).toBe(3);
});

it("groupsOf() counts in each group the tasks that run, that ask, and that ended without a result", () => {
  const ended = (id: string, outcome: TaskView["outcome"], status: TaskView["status"]): TaskView =>
    task(id, { status, ...(outcome && { outcome }) });
  const tasks = [
    task("a", { inputRequests: [{ key: "name", method: "elicitation/create", params: {} }] }),
    task("b"),
    ended("c", { kind: "completed", result: { content: [] } }, "completed"),
    ended("d", { kind: "completed", result: { content: [], isError: true } }, "completed"),
    ended("e", { kind: "failed", error: { reason: "rpc", message: "no" } }, "failed"),
    ended("f", { kind: "cancelled", confirmed: true }, "cancelled"),
    task("g", { endpoint: "press" }),
  ];
  expect(groupsOf(tasks, "server").map(({ running, asking, failed }) => [running, asking, failed])).toEqual([
    [2, 1, 2],
    [1, 0, 0],
  ]);
});
