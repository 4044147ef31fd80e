import { useEffect, useRef } from "react";
import { takeFocusWish } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import { useTask } from "../../ui/clients/hooks.ts";
import { useServerTitle } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { Progress } from "../../ui/controls/progress.tsx";
import { StatusBadge } from "../../ui/tasks/status-badge.tsx";
import { argumentsLineOf, lineOf, percentOf, retryOf, statusOf, wayOn } from "../../ui/tasks/task-words.ts";
import { openPanel } from "./open-panel.ts";

/** A task in short, and the way to all of it. It stands above the list instead of its row. */
export function TaskCard({ id }: { readonly id: string }) {
  const shown = useTask(id);
  const title = useServerTitle(shown?.endpoint ?? "");
  const heading = useRef<HTMLHeadingElement>(null);
  const isThere = shown !== undefined && shown !== null;
  useEffect(() => {
    // Its row has gone from the list, and the focus with it.
    if (isThere && (takeFocusWish("task", id) || document.activeElement === document.body))
      heading.current?.focus();
  }, [id, isThere]);
  if (!shown) return null;
  const percent = percentOf(shown);
  const retry = retryOf(shown);
  const message = lineOf(shown);
  return (
    <article className="task-card" data-task={id} aria-labelledby="card-title">
      <header>
        <h2 id="card-title" ref={heading} tabIndex={-1}>
          <bdi>{shown.tool}</bdi>
        </h2>
        <StatusBadge status={statusOf(shown)} />
      </header>
      <p className="quiet popup-line">
        {title} · <bdi className="mono">{argumentsLineOf(shown)}</bdi>
      </p>
      <div aria-live="polite">
        {message !== "" && (
          <p className="card-message">
            <bdi>{message}</bdi>
          </p>
        )}
        {wayOn(shown) && <p className="quiet">{wayOn(shown)}</p>}
        {retry && <p className="retry">{retry.failure.message}. It will be tried again.</p>}
        {percent !== undefined && <Progress value={percent} aria-label="Progress" />}
      </div>
      <div className="choices">
        <Button size="small" onClick={() => void openPanel(id)}>
          {shown.outcome ? "Show the result" : "Show it in the panel"}
        </Button>
        <Button size="small" variant="default" onClick={() => goTo("tasks")}>
          Close
        </Button>
      </div>
    </article>
  );
}
