import type { TaskView } from "holdfast";
import { useEffect, useRef, useState } from "react";
import { explain } from "../app/advice.ts";
import { duration, roughly } from "../app/duration.ts";
import { takeFocusWish } from "../app/focus-wish.ts";
import { useFollowed } from "../app/followed.ts";
import { useNow } from "../app/now.ts";
import { goTo } from "../app/route.ts";
import { useForgetTask, useTask, useTaskHandle } from "../clients/hooks.ts";
import { useServer, useServerTitle, useWorkspace } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { Progress } from "../controls/progress.tsx";
import { useHistory } from "../history/history-context.ts";
import { QuestionForm } from "../questions/question-form.tsx";
import { ResultView } from "../result/result-view.tsx";
import { removed, removeTasks } from "../tasks/removal.ts";
import { StatusBadge } from "../tasks/status-badge.tsx";
import { messageOf, percentOf, retryOf, statusOf, wayOn } from "../tasks/task-words.ts";
import { WireSection } from "../wire/wire-section.tsx";
import { CallAgain } from "./call-again.tsx";
import { RequestView } from "./request-view.tsx";
import { TimeLine } from "./time-line.tsx";
import "./task.css";

/** All there is to see of one task, and to do with it. */
export function TaskDetails({ id }: { readonly id: string }) {
  const known = useTask(id);
  // What was removed in any tab, and can still be put back, is gone to a reader.
  const shown = useFollowed(removed).has(id) ? null : known;
  if (shown === undefined)
    return (
      <p className="quiet" role="status">
        Looking for the task…
      </p>
    );
  if (shown === null)
    return (
      <p role="alert">
        Task {id} is not here. It was removed, or it is in another browser; tasks are kept for 7 days after
        their end.
      </p>
    );
  return <Known shown={shown} />;
}

function Known({ shown }: { readonly shown: TaskView }) {
  const { taskId, settledAt, outcome, inputRequests } = shown;
  const task = useTaskHandle()(shown.id);
  const { wire } = useWorkspace();
  const server = useServer(shown.endpoint);
  const retry = retryOf(shown);
  const percent = percentOf(shown);
  const message = messageOf(shown);
  const advice = wayOn(shown);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takeFocusWish("task", shown.id)) title.current?.focus();
  }, [shown.id]);
  return (
    <article id="task" data-task={shown.id} aria-labelledby="task-title">
      <header className="task-heading">
        <h2 id="task-title" ref={title} tabIndex={-1}>
          <bdi>{shown.tool}</bdi>
        </h2>
        <StatusBadge status={statusOf(shown)} />
        <Age shown={shown} />
        <Actions shown={shown} />
      </header>
      <p className="quiet">
        {useServerTitle(shown.endpoint)}
        {taskId !== undefined && (
          <>
            {" · task "}
            <bdi className="mono">{taskId}</bdi>
          </>
        )}
      </p>
      <div className="task-now" aria-live="polite">
        {message !== "" && (
          <p className="message">
            <bdi>{message}</bdi>
          </p>
        )}
        {advice && <p className="quiet">{advice}</p>}
        {message === "" && settledAt !== undefined && (
          <p className="quiet">It took {duration(settledAt - shown.createdAt)}.</p>
        )}
        {percent !== undefined && <Progress value={percent} aria-label="Progress" />}
        {retry && (
          <p className="retry">
            {retry.failure.message}. It will be tried again; nothing is lost.
            {retry.failure.kind === "unauthorized" && " The server wants to know who asks: see Servers."}
          </p>
        )}
      </div>
      <div className="task-outcome">
        {task &&
          inputRequests.map((request) => <QuestionForm key={request.key} task={task} request={request} />)}
        {task && outcome?.kind === "completed" && <ResultView task={task} />}
        {task && outcome?.kind === "failed" && outcome.error.result && (
          <ResultView task={task} given={outcome.error.result} />
        )}
        {!outcome && inputRequests.length === 0 && (
          // What is below must not jump when it comes.
          <p className="result-place quiet">
            The result appears here. You may close this page: the task continues.
          </p>
        )}
      </div>
      <div className="task-about">
        <RequestView task={shown} />
        <TimeLine shown={shown} />
        {wire && server?.mode === "local" && <WireSection log={wire} task={shown} />}
      </div>
    </article>
  );
}

function Age({ shown }: { readonly shown: TaskView }) {
  const now = useNow();
  return <span className="quiet">{roughly(now - shown.createdAt)} ago</span>;
}

function Actions({ shown }: { readonly shown: TaskView }) {
  const { outcome, cancelling } = shown;
  const handleOf = useTaskHandle();
  const [problem, setProblem] = useState<string>();
  const forget = useForgetTask();
  const history = useHistory();
  const remove = (): void => {
    removeTasks([shown.id], `${shown.tool} is removed.`, async (id) => {
      await forget(id);
      await history.forget(id);
    });
    goTo("tasks");
    // The button has gone with the task, and a person who pressed it by a key continues in the list.
    document.querySelector<HTMLElement>('main [type="search"]')?.focus();
  };
  const cancel = (): void => {
    handleOf(shown.id)?.cancel().catch(showProblem);
    // The button is disabled from now on, and would lose the focus.
    document.getElementById("task-title")?.focus();
  };
  const showProblem = (error: unknown): void => setProblem(explain(error));
  return (
    <span className="task-actions">
      <CallAgain task={shown} />
      {outcome ? (
        <Button size="small" variant="default" onClick={remove}>
          Remove
        </Button>
      ) : (
        <Button size="small" variant="default" disabled={cancelling} onClick={cancel}>
          Cancel task
        </Button>
      )}
      {problem && <span role="alert">{problem}</span>}
    </span>
  );
}
