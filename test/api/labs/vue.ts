import { taskClient } from "holdfast/vue";
import { createApp } from "vue";
import { id, tasks } from "./tasks.ts";

export * from "./tasks.ts";
export { createApp };
export const App = { render: () => null };
document.body.innerHTML = '<div id="app"></div>';

/** As the compiler of Vue makes it of the component's properties. */
export const defineProps = <T>(): T => ({ id }) as T;

/** Mounts a component whose set-up is an example. */
export async function show(example: () => unknown): Promise<void> {
  const failures: unknown[] = [];
  const app = createApp({
    setup() {
      example();
      return () => null;
    },
  });
  app.config.errorHandler = (error) => failures.push(error);
  app.use(taskClient(tasks)).mount(document.createElement("div"));
  app.unmount();
  if (failures.length > 0) throw failures[0];
}
