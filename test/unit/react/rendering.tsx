import { act, render } from "@testing-library/react";
import { Profiler, type ReactElement, type ReactNode } from "react";
import { TaskClientProvider } from "../../../src/react/index.ts";
import type { TaskClientApi } from "../../../src/task-client-api.ts";
import { settled } from "../../fixtures/fake-clock.ts";

export interface Screen {
  readonly container: HTMLElement;
  readonly text: string | null;
  /** Renders these instead, below a provider of the same client or another. */
  show(children: ReactNode, client?: TaskClientApi): Promise<void>;
  unmount(): void;
}

/** Renders below a provider of this client, and lets what the client was asked for come. */
export async function renderWith(client: TaskClientApi, children: ReactNode): Promise<Screen> {
  const view = render(null);
  const show: Screen["show"] = (shown, by = client) =>
    meanwhile(() => view.rerender(<TaskClientProvider client={by}>{shown}</TaskClientProvider>));
  await show(children);
  return {
    container: view.container,
    get text() {
      return view.container.textContent;
    },
    show,
    unmount: view.unmount,
  };
}

/** Lets the client do something, and React all that follows from it. */
export async function meanwhile(happens: () => unknown): Promise<void> {
  await act(async () => {
    await happens();
    await settled();
  });
}

/** Counts the commits that a part of the tree takes part in. */
export class Commits {
  #counts: Record<string, number> = {};

  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  of(name: string, part: ReactNode): ReactElement {
    const count = (id: string): void => {
      this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    };
    return (
      <Profiler key={name} id={name} onRender={count}>
        {part}
      </Profiler>
    );
  }

  clear(): void {
    this.#counts = {};
  }
}
