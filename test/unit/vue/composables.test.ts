// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { type App, createApp, h, nextTick, reactive, ref } from "vue";
import type { Task } from "../../../src/task.ts";
import type { TaskClientApi } from "../../../src/task-client-api.ts";
import { taskClient, useCallTool, useTask, useTaskListing, useTasks } from "../../../src/vue/index.ts";
import { settledRecord } from "../../fixtures/records.ts";
import { running, ScriptedClient } from "../react/scripted-client.ts";

let app: App | undefined;
afterEach(() => app?.unmount());

function mount(client: TaskClientApi | undefined, setup: () => () => string): HTMLElement {
  const place = document.createElement("div");
  app = createApp({
    setup() {
      const text = setup();
      return () => h("p", text());
    },
  });
  if (client) app.use(taskClient(client));
  app.mount(place);
  return place;
}

test("useTasks follows the tasks, and a filter that a ref changes", async () => {
  const client = new ScriptedClient(running(2), settledRecord({ id: "task-1" }));
  const status = ref<"working" | "completed" | undefined>();
  const place = mount(client, () => {
    const views = useTasks(() => (status.value ? { status: status.value } : undefined));
    return () => views.value.map(({ id }) => id).join(" ");
  });
  await vi.waitFor(() => expect(place.textContent).toBe("task-1 task-2"));
  status.value = "completed";
  await vi.waitFor(() => expect(place.textContent).toBe("task-1"));
  client.completes("task-2");
  await vi.waitFor(() => expect(place.textContent).toBe("task-1 task-2"));
  app?.unmount();
  app = undefined;
  expect(client.listeners).toBe(0);
});

test("useTask follows another id, and useTaskListing says when all are listed", async () => {
  const client = new ScriptedClient(running(1), running(2));
  const id = ref("task-1");
  const place = mount(client, () => {
    const view = useTask(id);
    const { listing } = useTaskListing();
    return () => `${view.value?.id} ${listing.value.status}`;
  });
  await vi.waitFor(() => expect(place.textContent).toBe("task-1 ready"));
  id.value = "task-2";
  await vi.waitFor(() => expect(place.textContent).toBe("task-2 ready"));
});

test("useCallTool is pending, then has the task", async () => {
  const client = new ScriptedClient();
  const calls: (() => Promise<Task | undefined>)[] = [];
  const place = mount(client, () => {
    const { call, task, pending } = useCallTool("papers", "acquire_paper");
    calls.push(() => Promise.resolve<Task | undefined>(call()));
    return () => task.value?.status ?? (pending.value ? "pending" : "none");
  });
  expect(place.textContent).toBe("none");
  const made = calls[0]?.();
  await nextTick();
  expect(place.textContent).toBe("pending");
  client.calls[0]?.resolve(client.change("task-1", {}));
  await made;
  await nextTick();
  expect(place.textContent).toBe("working");
});

test("a Task in reactive() and in ref() is the task itself, and works", () => {
  const client = new ScriptedClient();
  const task = client.change("task-1", {});
  mount(client, () => () => "");
  const state = reactive({ task });
  expect(state.task).toBe(task);
  expect(ref(task).value.view.id).toBe("task-1");
});

test("without a client, a composable says what to call", () => {
  expect(() => mount(undefined, () => () => useTasks().value.join())).toThrow(/app\.use\(taskClient/);
});
