import type { Clock } from "../clock.ts";
import { abandonsCall } from "../engine/cancel.ts";
import { describesAnew } from "../engine/queue.ts";
import { hasEnded, type TaskRecord } from "../engine/record.ts";
import { failureFrom, RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { mustWait } from "../engine/retry.ts";
import type { Operation, TaskEvent } from "../engine/state.ts";
import { oversized, type TaskRequest, taskRequest } from "../engine/task-request.ts";
import { MissingPartError } from "../protocol/missing-part.ts";
import type { QuestionsPart } from "./asking.ts";
import { createGate, type Gate } from "./gate.ts";
import type { SearchLostCall } from "./lost-calls.ts";
import type { AskOptions } from "./server.ts";
import type { RunningTask } from "./task-table.ts";

/** How long a `tasks/result` stream waits for a question before the next task may ask, in ms. The next poll opens it again. */
const QUESTION_STREAM_MS = 5_000;

export interface RequestLimits {
  readonly clock: Clock;
  /** The longest result taken, by the length of its JSON text. */
  readonly maxResultLength: number;
  /** How many polls may be in flight at once; their timeouts begin when it is their turn. */
  readonly maxConcurrentPolls: number;
  /** The timeout of each request, in ms. */
  readonly requestTimeoutMs: number;
  readonly questions?: QuestionsPart | undefined;
}

/** Sends the requests that the engine commands, and turns their replies into events. */
export interface TaskRequests {
  /** Sends by the record that was written, not by a later one whose write is still to come. */
  send(task: RunningTask, record: TaskRecord, operation: Operation): void;
  /** How many requests are in flight, those that are {@link held} excepted. */
  inFlight(): number;
  /** How many calls are in flight that may take longer than a request: no step waits for them. */
  held(): number;
}

/**
 * @param replied Takes a reply, or the failure.
 * @param ended A request is in flight no longer.
 */
export function createTaskRequests(
  { clock, maxResultLength, maxConcurrentPolls, requestTimeoutMs, questions }: RequestLimits,
  search: SearchLostCall | undefined,
  replied: (task: RunningTask, event: TaskEvent) => void,
  ended: (operation: Operation) => void,
): TaskRequests {
  const polls = createGate(maxConcurrentPolls);
  let inFlight = 0;
  let held = 0;

  function send(task: RunningTask, record: TaskRecord, operation: Operation): void {
    const controller = new AbortController();
    const { signal } = controller;
    const isHeld = operation === "call" && record.call.timeoutMs !== undefined;
    const count = (change: number): void => {
      if (isHeld) held += change;
      else inFlight += change;
    };
    task.requests.set(operation, controller);
    count(1);
    let sent = false;
    const onSent = (): void => {
      sent = true;
    };
    const requestFailed = (failure: RequestFailure, method?: string): TaskEvent => ({
      type: "requestFailed",
      operation,
      failure,
      method,
      // What is answered meanwhile, or by another process, was not refused with it.
      ...(operation === "answer" && { keys: questions?.answersToSend(record).map(({ key }) => key) ?? [] }),
    });
    void perform(task, record, operation, signal, onSent)
      .catch((error: unknown): TaskEvent => {
        return requestFailed(
          failureFrom(error),
          error instanceof RequestFailedError ? error.method : undefined,
        );
      })
      .then((reply) => {
        const latest = task.requests.get(operation) === controller;
        if (latest) task.requests.delete(operation);
        if (signal.aborted) {
          // The server knows, or has had its time to.
          if (latest && operation === "call") replied(task, { type: "callAbandoned", unsent: !sent });
          return;
        }
        const event = typeof reply === "function" ? reply() : reply;
        const failure = oversized(event, maxResultLength);
        replied(task, failure ? requestFailed(failure) : event);
      })
      .finally(() => {
        count(-1);
        ended(operation);
      });
  }

  async function perform(
    task: RunningTask,
    record: TaskRecord,
    operation: Operation,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<TaskEvent | (() => TaskEvent)> {
    const { server } = task.endpoint;
    if (!server) throw new TypeError(`No endpoint is named ${JSON.stringify(record.endpoint)}`);
    const maySend = (): boolean => !mustWait(task.state, clock.now());
    const options: AskOptions = {
      timeoutMs: requestTimeoutMs,
      signal,
      about: record.id,
      mayRepeat: maySend,
    };
    const ask = async ({ frame, read }: TaskRequest, limits?: AskOptions): Promise<TaskEvent> => {
      signal.throwIfAborted();
      return read(await server.request(frame, { ...options, ...limits }, record.generation));
    };
    const inTurn = (gate: Gate, request: TaskRequest, limits?: AskOptions): Promise<TaskEvent> =>
      gate(() => {
        // Another request of the task may have been answered with Retry-After meanwhile.
        if (!maySend()) {
          const message = "The server asked for a retry later";
          throw new RequestFailedError(request.frame.method, { kind: "network", message });
        }
        return ask(request, limits);
      });
    switch (operation) {
      case "describe": {
        const description = await server.describe(record.call.name, describesAnew(task.state), signal);
        return { type: "described", description };
      }
      case "call": {
        const { timeoutMs = requestTimeoutMs, progressToken, asTask } = record.call;
        const onStream: AskOptions["onStream"] = (stream) => {
          if (task.requests.get(operation)?.signal === signal) replied(task, { type: "streamed", stream });
        };
        // The next process takes its reply: on the response stream, or by the same call under the same key.
        const isAwaitedLater = (): boolean =>
          (task.state.record.stream ?? record.call.idempotency) !== undefined;
        const event = await ask(taskRequest(record, operation), {
          rejectAfterAnnouncing: true,
          onSent,
          timeoutMs,
          progressToken,
          resume: record.stream,
          onStream: asTask ? undefined : onStream,
          leavesRequest: () => isAwaitedLater() && !abandonsCall(task.state),
        });
        if (!questions && event.type === "called" && event.reply.kind === "input")
          throw new MissingPartError("questions");
        return event;
      }
      case "get":
        return inTurn(polls, taskRequest(record, operation));
      case "result": {
        const request = taskRequest(record, operation);
        if (hasEnded(record)) return ask(request);
        const timeoutMs = Math.min(requestTimeoutMs, QUESTION_STREAM_MS);
        return inTurn(task.endpoint.questionStreams, request, { timeoutMs });
      }
      case "list":
        return search?.(record, server, task.endpoint) ?? { type: "listed", unclaimed: [] };
      case "answer":
        return questions?.deliver(record, server, ask, signal) ?? { type: "delivered", keys: [] };
      case "cancel": {
        // Whatever generation the server speaks now: a cancel must not wait for it to speak the task's own again.
        const { frame, read } = taskRequest(record, operation);
        return read(await server.request(frame, options));
      }
    }
  }

  return { send, inFlight: () => inFlight, held: () => held };
}
