import { describe, expect, it } from "vitest";
import { createDueQueue } from "../../../src/runtime/due-queue.ts";

describe("DueQueue", () => {
  it("is empty at first", () => {
    const queue = createDueQueue();
    expect(queue.next()).toBe(Number.POSITIVE_INFINITY);
    expect(queue.takeDue(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it("gives each task once, when its time has come, the earliest first", () => {
    const queue = createDueQueue();
    queue.set("late", 30);
    queue.set("early", 10);
    queue.set("middle", 20);
    expect(queue.next()).toBe(10);
    expect(queue.takeDue(9)).toEqual([]);
    expect(queue.takeDue(20)).toEqual(["early", "middle"]);
    expect(queue.takeDue(20)).toEqual([]);
    expect(queue.next()).toBe(30);
  });

  it("a task has one time: the last that was set", () => {
    const queue = createDueQueue();
    queue.set("a", 10);
    queue.set("a", 50);
    expect(queue.takeDue(49)).toEqual([]);
    queue.set("a", 20);
    expect(queue.next()).toBe(20);
    expect(queue.takeDue(100)).toEqual(["a"]);
    expect(queue.takeDue(100)).toEqual([]);
  });

  it("does not grow when the times of its tasks change again and again", () => {
    const queue = createDueQueue();
    for (let at = 100_000; at > 0; at--) queue.set(at % 2 === 0 ? "even" : "odd", at);
    expect(queue.length()).toBeLessThan(100);
    expect(queue.takeDue(1)).toEqual(["odd"]);
    expect(queue.takeDue(2)).toEqual(["even"]);
  });

  it("a time set back and forth counts once", () => {
    const queue = createDueQueue();
    for (const at of [10, 20, 10, 20, 10]) queue.set("a", at);
    expect(queue.takeDue(100)).toEqual(["a"]);
    queue.set("a", 10);
    expect(queue.takeDue(100)).toEqual(["a"]);
  });

  it("Infinity takes a task off", () => {
    const queue = createDueQueue();
    queue.set("a", 10);
    queue.set("a", Number.POSITIVE_INFINITY);
    expect(queue.next()).toBe(Number.POSITIVE_INFINITY);
    expect(queue.takeDue(100)).toEqual([]);
  });

  it("takes off everything there is when asked for all of time", () => {
    const queue = createDueQueue();
    queue.set("a", 10);
    expect(queue.takeDue(Number.POSITIVE_INFINITY)).toEqual(["a"]);
  });
});
