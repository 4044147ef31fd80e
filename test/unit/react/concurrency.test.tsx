// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import {
  type ReactElement,
  type ReactNode,
  startTransition,
  useDeferredValue,
  useEffect,
  useState,
} from "react";
import { afterEach, describe, expect, it } from "vitest";
import { useTask, useTaskHandle, useTasks } from "../../../src/react/index.ts";
import type { Task } from "../../../src/task.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { meanwhile } from "./rendering.tsx";
import { type RowProps, SlowRow, SlowStage } from "./slow-stage.tsx";

afterEach(cleanup);

const { ROWS } = SlowStage;
const alike = (said: readonly string[]): boolean => new Set(said).size <= 1;

/** Shows its rows when the button is pressed, in a transition. */
function Curtain({ stage, says }: RowProps): ReactElement {
  const [open, setOpen] = useState(false);
  const rows = open ? Array.from({ length: ROWS }, (_, row) => row) : [];
  return (
    <>
      <button type="button" onClick={() => startTransition(() => setOpen(true))}>
        Open
      </button>
      {rows.map((row) => (
        <SlowRow key={row} stage={stage} says={says} />
      ))}
    </>
  );
}

describe("readers of one task that appear in a transition, while the task changes", () => {
  async function opened(stage: SlowStage, says: () => string | undefined): Promise<void> {
    await meanwhile(() => stage.allSay("before"));
    const container = await stage.open(<Curtain stage={stage} says={says} />);
    const over = stage.speaking("after", 3);
    container.querySelector("button")?.click();
    await over;
    expect(stage.spokeAfter, "React yielded in their midst").toBeLessThan(ROWS);
  }

  it("say the same in every commit", async () => {
    const stage = new SlowStage();
    await opened(stage, () => useTask("task-1")?.snapshot?.statusMessage);
    expect(stage.commits.filter((said) => !alike(said))).toEqual([]);
  });

  it("which they would not by the handle and an effect", async () => {
    const stage = new SlowStage();
    const handle = stage.client.change("task-1", {});
    await opened(stage, () => {
      const [, renderAgain] = useState({});
      useEffect(() => {
        renderAgain({});
        return handle.subscribe(() => renderAgain({}));
      }, []);
      return handle.view.snapshot?.statusMessage;
    });
    expect(stage.commits.filter((said) => !alike(said)).length).toBeGreaterThan(0);
  });
});

type Look = (view: TaskView, handleOf: (id: string) => Task | undefined) => string | undefined;

function Deferred({ stage, look }: { readonly stage: SlowStage; readonly look: Look }): ReactNode {
  const views = useDeferredValue(useTasks());
  const handleOf = useTaskHandle();
  return views.map((view) => <SlowRow key={view.id} stage={stage} says={() => look(view, handleOf)} />);
}

describe("a deferred list of tasks that change together, and once more while it is being rendered", () => {
  async function commitsBy(look: Look): Promise<readonly string[][]> {
    const stage = new SlowStage();
    await stage.open(<Deferred stage={stage} look={look} />);
    await meanwhile(() => stage.allSay("first"));
    // The urgent render comes first, with the rows as they were.
    const over = stage.speaking("third", ROWS + 3);
    stage.allSay("second");
    await over;
    expect(stage.spokeAfter, "React yielded in its midst").toBeLessThan(2 * ROWS);
    return stage.commits;
  }

  it("is of one moment in every commit, and of the earlier one in the urgent", async () => {
    const commits = await commitsBy(({ snapshot }) => snapshot?.statusMessage);
    expect(commits.filter((said) => !alike(said))).toEqual([]);
    expect(commits[0]).toEqual(Array(ROWS).fill("first"));
  });

  it("which it would not be by the handles", async () => {
    const commits = await commitsBy(({ id }, handleOf) => handleOf(id)?.view.snapshot?.statusMessage);
    expect(commits[0]).not.toEqual(Array(ROWS).fill("first"));
  });
});
