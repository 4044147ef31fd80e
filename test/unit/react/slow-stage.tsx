import { render } from "@testing-library/react";
import { type ReactElement, type ReactNode, useLayoutEffect } from "react";
import { TaskClientProvider } from "../../../src/react/index.ts";
import { meanwhile } from "./rendering.tsx";
import { held, running, ScriptedClient } from "./scripted-client.ts";

/** Longer than React works on what is not urgent before it yields to what else there is to do. */
const SLOW_MS = 6;

/** A screen of rows that are slow to render, one a task, and a server that speaks while they are. */
export class SlowStage {
  static readonly ROWS = 8;
  readonly client: ScriptedClient = new ScriptedClient(
    ...Array.from({ length: SlowStage.ROWS }, (_, number) => running(number)),
  );
  /** What the rows said, commit by commit. */
  readonly commits: string[][] = [];
  /** How many rows had been rendered when the server spoke. */
  spokeAfter = 0;
  readonly #over = held<void>();
  #rendered = 0;
  #speaks: { readonly from: number; readonly speak: () => void } | undefined;
  #last: string | undefined;

  /** Puts the tree on the screen. What follows happens as in a page: React yields where it would there. */
  async open(children: ReactNode): Promise<HTMLElement> {
    const view = render(null);
    await meanwhile(() =>
      view.rerender(<TaskClientProvider client={this.client}>{children}</TaskClientProvider>),
    );
    return view.container;
  }

  allSay(message: string): void {
    for (let number = 0; number < SlowStage.ROWS; number++) this.client.says(`task-${number}`, message);
  }

  /**
   * From now on: when React has rendered so many rows, and yields, all tasks say `last`. Resolves
   * when all rows do.
   */
  speaking(last: string, from: number): Promise<void> {
    this.#rendered = 0;
    this.#last = last;
    this.#speaks = { from, speak: () => this.allSay(last) };
    this.commits.length = 0;
    return this.#over.promise;
  }

  rendering(): void {
    const end = performance.now() + SLOW_MS;
    while (performance.now() < end);
    if (++this.#rendered !== this.#speaks?.from) return;
    const { speak } = this.#speaks;
    setImmediate(() => {
      this.spokeAfter = this.#rendered;
      speak();
    });
  }

  committed(): void {
    const said = [...document.querySelectorAll("i")].map(({ textContent }) => textContent ?? "");
    this.commits.push(said);
    if (said.length === SlowStage.ROWS && said.every((message) => message === this.#last))
      this.#over.resolve();
  }
}

export interface RowProps {
  readonly stage: SlowStage;
  readonly says: () => string | undefined;
}

export function SlowRow({ stage, says }: RowProps): ReactElement {
  const said = says();
  stage.rendering();
  useLayoutEffect(() => stage.committed());
  return <i>{said}</i>;
}
