import type { InputRequest, JsonObject, Task } from "holdfast";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { takeFocusWish } from "../app/focus-wish.ts";
import { useTask } from "../clients/hooks.ts";
import { Button, ButtonLink } from "../controls/button.tsx";
import { questionSchema } from "../form/form-schema.ts";
import { JsonField } from "../form/json-field.tsx";
import { parseObject } from "../form/json-object.ts";
import { LazySchemaForm } from "../form/lazy-schema-form.tsx";
import { problemsByField } from "../form/problems-by-field.ts";
import { useFormFit } from "../form/use-form-fit.ts";
import { webAddress } from "../result/safe-link.tsx";
import { keepAnswer, writtenAnswer } from "./answers.ts";
import { askedIn } from "./asked.ts";
import { ModelQuestion } from "./model-question.tsx";
import { QuestionTimes } from "./question-times.tsx";
import { RootsQuestion } from "./roots-question.tsx";
import "./question.css";

export interface QuestionProps {
  readonly task: Task;
  readonly request: InputRequest;
  /** Called when an answer is stored. The form goes with that, and the focus must not go with it; by itself it moves to the task. */
  readonly onAnswered?: () => void;
}

/** A question of the server. Each way to answer it is one of its own: the task goes on with that. */
export function QuestionForm({ task, request, onAnswered = focusTask }: QuestionProps) {
  const view = useTask(task.id) ?? task.view;
  const [problem, setProblem] = useState<string>();
  const [sent, setSent] = useState(false);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (takeFocusWish("question", task.id)) card.current?.focus();
  }, [task.id]);
  const answer = (response: JsonObject): void => {
    setSent(true);
    setProblem(undefined);
    task.answer(request.key, response).then(onAnswered, (error: unknown) => {
      setSent(false);
      setProblem(error instanceof Error ? error.message : String(error));
    });
  };
  const { refusal } = request;
  const refused =
    problem ?? (sent || refusal === undefined ? undefined : `The server refused the answer: ${refusal}`);
  return (
    <section className="question" ref={card} tabIndex={-1} aria-label="The server asks">
      <p className="asked">
        <bdi>{askedIn(request)}</bdi>
      </p>
      <p className="quiet">
        <QuestionTimes view={view} request={request} />
      </p>
      {refused !== undefined && !hasFields(request) && <p role="alert">{refused}</p>}
      <Answers task={task.id} request={request} answer={answer} sent={sent} refused={refused} />
    </section>
  );
}

function focusTask(): void {
  document.getElementById("task-title")?.focus();
}

/** What is wrong with an answer is said beside its fields, where it has some. */
function hasFields({ method, params }: InputRequest): boolean {
  return method === "elicitation/create" && params.mode !== "url";
}

interface AnswersProps {
  readonly task: string;
  readonly request: InputRequest;
  readonly answer: (response: JsonObject) => void;
  readonly sent: boolean;
  /** Why the last answer was refused. */
  readonly refused: string | undefined;
}

function Answers(props: AnswersProps) {
  const { request, answer, sent } = props;
  switch (request.method) {
    case "elicitation/create":
      return hasFields(request) ? <FormQuestion {...props} /> : <AddressQuestion {...props} />;
    case "sampling/createMessage":
      return <ModelQuestion params={request.params} answer={answer} sent={sent} />;
    case "roots/list":
      return <RootsQuestion answer={answer} sent={sent} />;
    default:
      return <UnknownQuestion {...props} />;
  }
}

function FormQuestion({ task, request, answer, sent, refused }: AnswersProps) {
  const { requestedSchema = { type: "object", properties: {} } } = request.params;
  const schema = useMemo(() => questionSchema(requestedSchema), [requestedSchema]);
  const { unfit, broke } = useFormFit(schema);
  const [value, setValue] = useState<unknown>(() => writtenAnswer(task, request));
  const problems = useMemo(
    () => (refused === undefined ? undefined : problemsByField(refused, schema)),
    [refused, schema],
  );
  const change = (next: unknown): void => {
    setValue(next);
    keepAnswer(task, request, next);
  };
  const buttons = <Choices word="Answer" answer={answer} sent={sent} />;
  if (unfit)
    return (
      <JsonAnswer
        reason={`${unfit}: answer in JSON.`}
        onAnswer={(content) => answer({ action: "accept", content })}
      >
        {refused !== undefined && <p role="alert">{refused}</p>}
        {buttons}
      </JsonAnswer>
    );
  return (
    <div className="question-form">
      {problems && (
        <p role="alert">
          {problems.rest.length > 0 ? problems.rest.join(". ") : "The answer was refused: see below."}
        </p>
      )}
      <LazySchemaForm
        schema={schema}
        id={`answer-${request.key}`}
        value={value}
        onChange={change}
        onSubmit={(content) => answer({ action: "accept", content: (content ?? {}) as JsonObject })}
        {...(problems && { refused: problems.fields })}
        onBroken={broke}
      >
        {buttons}
      </LazySchemaForm>
    </div>
  );
}

/** A question of a later specification or an extension. Most can only be declined. */
function UnknownQuestion({ request, answer, sent }: AnswersProps) {
  return (
    <>
      <pre className="plain-text">
        <bdi>{JSON.stringify(request.params, undefined, 2)}</bdi>
      </pre>
      <JsonAnswer reason={`Answer ${request.method} in JSON, or decline it.`} onAnswer={answer}>
        <Choices word="Answer" answer={answer} sent={sent} />
      </JsonAnswer>
    </>
  );
}

/** The person reads the address before going there: any server may ask. */
function AddressQuestion({ request, answer, sent }: AnswersProps) {
  const url = webAddress(request.params.url);
  return (
    <>
      <p>
        {url
          ? "The server asks you to go to this address:"
          : "The server names an address that is not a web address:"}
      </p>
      <p className="address mono">
        <bdi>{url ? url.href : String(request.params.url)}</bdi>
      </p>
      {url && (
        <p className="quiet">
          It is at <strong>{url.host}</strong>
          {url.protocol === "http:" && ", and the way there is not encrypted"}. What you enter there goes to
          that site, not to this page.
        </p>
      )}
      <div className="choices">
        {url && (
          <ButtonLink href={url.href} target="_blank" rel="noopener noreferrer" variant="default">
            Open {url.host}
          </ButtonLink>
        )}
        {url && (
          <Button disabled={sent} onClick={() => answer({ action: "accept" })}>
            I have been there
          </Button>
        )}
        <Refusals answer={answer} sent={sent} />
      </div>
    </>
  );
}

interface JsonAnswerProps {
  readonly reason: string;
  readonly onAnswer: (value: JsonObject) => void;
  readonly children: ReactNode;
}

function JsonAnswer({ reason, onAnswer, children }: JsonAnswerProps) {
  const [text, setText] = useState("{}");
  const [problem, setProblem] = useState<string>();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const parsed = parseObject(text);
        setProblem(parsed.ok ? undefined : parsed.problem);
        if (parsed.ok) onAnswer(parsed.value);
      }}
    >
      <p className="quiet">{reason}</p>
      <JsonField label="Answer" text={text} onChange={setText} problem={problem} />
      {children}
    </form>
  );
}

interface ChoicesProps {
  readonly word: string;
  readonly answer: (response: JsonObject) => void;
  readonly sent: boolean;
}

function Choices({ word, answer, sent }: ChoicesProps) {
  return (
    <div className="choices">
      <Button type="submit" disabled={sent}>
        {word}
      </Button>
      <Refusals answer={answer} sent={sent} />
    </div>
  );
}

function Refusals({ answer, sent }: Pick<ChoicesProps, "answer" | "sent">) {
  return (
    <>
      <Button
        variant="default"
        disabled={sent}
        title="Tell the server no"
        onClick={() => answer({ action: "decline" })}
      >
        Decline
      </Button>
      <Button
        variant="subtle"
        disabled={sent}
        title="Close the question without a choice. The server learns that it was closed."
        onClick={() => answer({ action: "cancel" })}
      >
        Dismiss
      </Button>
    </>
  );
}
