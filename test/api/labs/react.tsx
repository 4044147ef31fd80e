import { TaskClientProvider } from "holdfast/react";
import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { tasks } from "./tasks.ts";

export * from "./tasks.ts";
export { createRoot };
export const element = document.createElement("div");
export const App = (): ReactNode => null;
export const Row = ({ id }: { readonly id: string }): ReactNode => <li>{id}</li>;
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

function Example({ useExample }: { readonly useExample: () => unknown }): ReactNode {
  useExample();
  return null;
}

/** Renders a component that does what an example does. */
export async function show(useExample: () => unknown): Promise<void> {
  const root = createRoot(document.createElement("div"));
  await act(async () =>
    root.render(
      <TaskClientProvider client={tasks}>
        <Example useExample={useExample} />
      </TaskClientProvider>,
    ),
  );
  await act(async () => root.unmount());
}
