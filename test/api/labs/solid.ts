import { TaskClientProvider } from "holdfast/solid";
import { createComponent, type JSX } from "solid-js";
import { render } from "solid-js/web";
import { id, tasks } from "./tasks.ts";

export * from "./tasks.ts";
export { render };
export const props = { id };
export const App = (): JSX.Element => null;

function Example(own: { readonly useExample: () => unknown }): JSX.Element {
  own.useExample();
  return null;
}

/** Renders a component that does what an example does. */
export async function show(useExample: () => unknown): Promise<void> {
  const dispose = render(
    () =>
      createComponent(TaskClientProvider, {
        client: tasks,
        get children() {
          return createComponent(Example, { useExample });
        },
      }),
    document.createElement("div"),
  );
  dispose();
}
