import type { TaskView } from "holdfast";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { goTo, hrefOf } from "../app/route.ts";
import { Split } from "../app/split.tsx";
import { type OpenQuestion, useInputRequests, useTask } from "../clients/hooks.ts";
import { useServerTitle } from "../clients/workspace-context.ts";
import { argumentsLineOf } from "../tasks/task-words.ts";
import { askedIn } from "./asked.ts";
import { QuestionForm } from "./question-form.tsx";
import { QuestionTimes } from "./question-times.tsx";
import "./inbox.css";

/** A task and what it asks. */
interface Asking {
  readonly id: string;
  readonly view: TaskView;
  readonly questions: readonly OpenQuestion[];
}

/** Every question that waits for an answer: who asks it, since when, and until when; and the form of the one that is chosen. */
export function InboxView({ open }: { readonly open: string | undefined }) {
  const questions = useInputRequests();
  const asking = useMemo(() => byTask(questions), [questions]);
  const chosen = asking.find(({ id }) => id === open);
  const list = useRef<HTMLUListElement>(null);
  // A task that is answered leaves the list: the next one in its place follows.
  const place = useRef(0);
  const at = asking.findIndex(({ id }) => id === open);
  if (at >= 0) place.current = at;
  const next = (): void => {
    // The form that was answered goes, and the focus with it.
    if (!chosen || chosen.questions.length > 1) return document.getElementById("asks-title")?.focus();
    const others = asking.filter(({ id }) => id !== chosen.id);
    const follows = others[Math.min(place.current, others.length - 1)];
    if (follows) return goTo("questions", follows.id);
    goTo("questions");
    document.getElementById("inbox-title")?.focus();
  };
  const move = (event: KeyboardEvent): void => {
    const links = [...(list.current?.querySelectorAll("a") ?? [])];
    const from = links.indexOf(document.activeElement as HTMLAnchorElement);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || !links[to]) return;
    event.preventDefault();
    links[to].focus();
  };
  const master = (
    <section className="inbox" aria-labelledby="inbox-title">
      <h2 id="inbox-title" tabIndex={-1}>
        Questions
      </h2>
      {asking.length === 0 ? (
        <div className="empty">
          <p>No task waits for an answer.</p>
          <p className="quiet">
            A tool that needs to know something asks here while it runs. Its task waits, also when this page
            is closed, until you answer or its server gives up.
          </p>
        </div>
      ) : (
        <ul ref={list} className="inbox-list" aria-label="Tasks that ask" onKeyDown={move}>
          {asking.map((each) => (
            <li key={each.id}>
              <Entry asking={each} isOpen={each.id === open} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
  const detail = chosen ? <Asked key={chosen.id} asking={chosen} onAnswered={next} /> : undefined;
  return <Split master={master} detail={detail} />;
}

function byTask(questions: readonly OpenQuestion[]): readonly Asking[] {
  const tasks = new Map<string, OpenQuestion[]>();
  for (const question of questions) {
    const { id } = question.task;
    tasks.set(id, [...(tasks.get(id) ?? []), question]);
  }
  return [...tasks].flatMap(([id, asked]) => {
    const [first] = asked;
    return first ? [{ id, view: first.task.view, questions: asked }] : [];
  });
}

function Entry({ asking, isOpen }: { readonly asking: Asking; readonly isOpen: boolean }) {
  const { id, view, questions } = asking;
  const [first] = questions;
  return (
    <a className="inbox-entry" href={hrefOf("questions", id)} aria-current={isOpen ? "true" : undefined}>
      <span className="inbox-asker">
        <strong>
          <bdi>{view.tool}</bdi>
        </strong>
        <span className="quiet">{useServerTitle(view.endpoint)}</span>
        {questions.length > 1 && <span className="tag">{questions.length} questions</span>}
      </span>
      <bdi className="row-arguments quiet">{argumentsLineOf(view)}</bdi>
      {first && (
        <>
          <bdi className="inbox-asked">{askedIn(first.request)}</bdi>
          <span className="quiet">
            <QuestionTimes view={view} request={first.request} />
          </span>
        </>
      )}
    </a>
  );
}

function Asked({ asking, onAnswered }: { readonly asking: Asking; readonly onAnswered: () => void }) {
  const { id, questions } = asking;
  const view = useTask(id) ?? asking.view;
  const server = useServerTitle(view.endpoint);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const args = argumentsLineOf(view);
  return (
    <article className="inbox-asks" aria-labelledby="asks-title">
      <h2 id="asks-title" ref={title} tabIndex={-1}>
        <bdi>{view.tool}</bdi> asks
      </h2>
      <p className="quiet">
        {server}
        {args !== "" && (
          <>
            {" · "}
            <bdi className="mono">{args}</bdi>
          </>
        )}
        {" · "}
        <a href={hrefOf("tasks", id)}>Open the task</a>
      </p>
      {questions.map(({ task, request }) => (
        <QuestionForm key={request.key} task={task} request={request} onAnswered={onAnswered} />
      ))}
    </article>
  );
}
