import { useMemo } from "react";
import { ErrorBoundary } from "../../ui/app/error-boundary.tsx";
import { hrefOf, useRoute } from "../../ui/app/route.ts";
import { CallView } from "../../ui/call/call-view.tsx";
import { useInputRequests, useTaskListing, useTasks } from "../../ui/clients/hooks.ts";
import { Button } from "../../ui/controls/button.tsx";
import { QuestionForm } from "../../ui/questions/question-form.tsx";
import { TaskTable } from "../../ui/tasks/task-table.tsx";
import { Header } from "../app/header.tsx";
import { useReadyMark } from "../app/ready.ts";
import { Unready } from "../app/unready.tsx";
import { useOptionsForServers } from "../app/use-options-route.ts";
import { openPanel } from "./open-panel.ts";
import { TaskCard } from "./task-card.tsx";
import "../../ui/tasks/status.css";
import "../../ui/tasks/table.css";
import "./popup.css";

/** What fits below the button: the questions, the tasks, a call. The side panel has the rest. */
export function Popup() {
  const { view, chosen } = useRoute();
  useReadyMark();
  useOptionsForServers();
  return (
    <>
      <Header>
        <Button size="compact" variant="default" onClick={() => void openPanel(undefined)}>
          Panel
        </Button>
      </Header>
      <main>
        <ErrorBoundary key={view}>
          {view === "call" ? (
            <CallView
              {...(chosen[0] !== undefined && { server: chosen[0] })}
              {...(chosen[1] !== undefined && { tool: chosen[1] })}
            />
          ) : (
            <Tasks open={chosen[0]} />
          )}
        </ErrorBoundary>
      </main>
    </>
  );
}

function Tasks({ open }: { readonly open: string | undefined }) {
  const tasks = useTasks();
  const questions = useInputRequests();
  const { status } = useTaskListing();
  const newest = useMemo(() => tasks.toReversed(), [tasks]);
  return (
    <div className="popup-tasks">
      <div className="popup-now">
        <Unready />
        {open !== undefined && !questions.some(({ task }) => task.id === open) && (
          <TaskCard key={open} id={open} />
        )}
        {questions.map(({ task, request }) => (
          <section key={`${task.id} ${request.key}`} className="popup-question" data-task={task.id}>
            <h2>
              <bdi>{task.view.tool}</bdi> asks
            </h2>
            <QuestionForm task={task} request={request} />
          </section>
        ))}
      </div>
      {newest.length > 0 ? (
        <TaskTable tasks={newest} open={open} />
      ) : (
        <p className="quiet popup-empty">
          {status === "loading" ? "Looking for tasks…" : "Nothing has been called yet."}{" "}
          {status === "ready" && <a href={hrefOf("call")}>Call a tool</a>}
        </p>
      )}
    </div>
  );
}
