import { useMemo } from "react";
import { ErrorBoundary } from "../../ui/app/error-boundary.tsx";
import { hrefOf, useRoute } from "../../ui/app/route.ts";
import { CallView } from "../../ui/call/call-view.tsx";
import { type OpenQuestion, useInputRequests, useTaskListing } from "../../ui/clients/hooks.ts";
import { usePacedTasks } from "../../ui/clients/paced-tasks.ts";
import { useServers, useServerTitle } from "../../ui/clients/workspace-context.ts";
import { Button, ButtonLink } from "../../ui/controls/button.tsx";
import { QuestionForm } from "../../ui/questions/question-form.tsx";
import { TaskTable } from "../../ui/tasks/task-table.tsx";
import { argumentsLineOf } from "../../ui/tasks/task-words.ts";
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
  const tasks = usePacedTasks();
  const questions = useInputRequests();
  const { status } = useTaskListing();
  const servers = useServers();
  const asking = useMemo(() => new Set(questions.map(({ task }) => task.id)), [questions]);
  // What stands above the list, as a question or a card, is not listed again.
  const rest = useMemo(
    () => tasks.filter(({ id }) => id !== open && !asking.has(id)).toReversed(),
    [tasks, open, asking],
  );
  return (
    <div className="popup-tasks">
      <div className="popup-now">
        <Unready />
        {open !== undefined && !asking.has(open) && <TaskCard key={open} id={open} />}
        {questions.map((question) => (
          <Question key={`${question.task.id} ${question.request.key}`} {...question} />
        ))}
      </div>
      {rest.length > 0 ? (
        <TaskTable tasks={rest} open={undefined} />
      ) : (
        tasks.length === 0 && (
          <div className="quiet popup-empty">
            {status === "loading" && <p>Looking for tasks…</p>}
            {status === "ready" && (
              <>
                <p>
                  Call a tool that takes long, and close the browser if you like: its result is here when you
                  come back.
                </p>
                {servers.length > 0 && <ButtonLink href={hrefOf("call")}>Call a tool</ButtonLink>}
              </>
            )}
          </div>
        )
      )}
    </div>
  );
}

function Question({ task, request }: OpenQuestion) {
  return (
    <section className="popup-question" data-task={task.id}>
      <h2>
        <bdi>{task.view.tool}</bdi> asks
      </h2>
      <p className="quiet popup-line">
        {useServerTitle(task.view.endpoint)} · <bdi className="mono">{argumentsLineOf(task.view)}</bdi>
      </p>
      <QuestionForm task={task} request={request} />
    </section>
  );
}
