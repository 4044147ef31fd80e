import { describe, expect, it } from "vitest";
import { isUnknownTask } from "../../../src/engine/request-failure.ts";
import { http, rpcError } from "../../fixtures/failures.ts";

/** 0 and -32603: what the Go and Python libraries send for an exception of the server's own. */
describe.each([0, -32603, -32001])("isUnknownTask() of an error with the code %j", (code) => {
  it.each([
    "Task not found",
    "Failed to retrieve task: Task not found",
    'Task "7f-a1" not found',
    "task with id 5 does not exist",
    "Task ID abc-1 was not found",
    "taskId t1 is unknown",
    "Unknown task: t1",
    "no such task",
  ])("is true where the server says %j", (message) => {
    expect(isUnknownTask(rpcError(code, message))).toBe(true);
  });

  it.each([
    "database not found",
    "Task failed: file not found",
    "Task failed: not found",
    "Task queue not found",
    "Task result not found",
    "The task store is unknown",
    "Internal error",
  ])("is false where the server says %j", (message) => {
    expect(isUnknownTask(rpcError(code, message))).toBe(false);
  });
});

it("isUnknownTask() of HTTP 404 is false: a deployment may be under way", () => {
  expect(isUnknownTask({ ...http(404), message: "Task not found" })).toBe(false);
});
