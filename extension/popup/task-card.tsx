import { goTo } from "../../ui/app/route.ts";
import { useTask } from "../../ui/clients/hooks.ts";
import { useServerTitle } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { Progress } from "../../ui/controls/progress.tsx";
import { StatusBadge } from "../../ui/tasks/status-badge.tsx";
import { messageOf, percentOf, statusOf, wayOn } from "../../ui/tasks/task-words.ts";
import { openPanel } from "./open-panel.ts";

/** A task in short, and the way to all of it. */
export function TaskCard({ id }: { readonly id: string }) {
  const shown = useTask(id);
  const title = useServerTitle(shown?.endpoint ?? "");
  if (!shown) return null;
  const percent = percentOf(shown);
  const { retry, outcome } = shown;
  return (
    <article className="task-card" data-task={id} aria-labelledby="card-title">
      <header>
        <h2 id="card-title">
          <bdi>{shown.tool}</bdi>
        </h2>
        <StatusBadge status={statusOf(shown)} />
      </header>
      <p className="quiet">{title}</p>
      <div aria-live="polite">
        {messageOf(shown) !== "" && (
          <p>
            <bdi>{messageOf(shown)}</bdi>
          </p>
        )}
        {wayOn(shown) && <p className="quiet">{wayOn(shown)}</p>}
        {retry && !outcome && <p className="retry">{retry.failure.message}. It will be tried again.</p>}
        {percent !== undefined && <Progress value={percent} aria-label="Progress" />}
      </div>
      <div className="choices">
        <Button size="small" onClick={() => void openPanel(id)}>
          {outcome ? "Show the result" : "Show it in the panel"}
        </Button>
        <Button size="small" variant="default" onClick={() => goTo("tasks")}>
          Close
        </Button>
      </div>
    </article>
  );
}
