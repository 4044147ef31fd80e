import { setTaskClient } from "holdfast/svelte";
import type { Component } from "svelte";
import { render } from "svelte/server";
import { tasks } from "./tasks.ts";

export * from "./tasks.ts";

/** Renders a component whose script is an example. */
export async function show(example: () => unknown): Promise<void> {
  const component = (): void => {
    setTaskClient(tasks);
    example();
  };
  await render(component as unknown as Component, { context: new Map() });
}
