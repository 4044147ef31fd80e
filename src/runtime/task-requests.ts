import type { Clock } from "../clock.ts";
import { abandonsCall } from "../engine/cancel.ts";
import { describesAnew } from "../engine/queue.ts";
import { hasEnded, type TaskRecord } from "../engine/record.ts";
import { failureFrom, RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { mustWait } from "../engine/retry.ts";
import type { Operation, TaskEvent } from "../engine/state.ts";
import {
  eventOf,
  frameOf,
  oversized,
  type PlainOperation,
  type TaskRequest,
  taskRequest,
} from "../engine/task-request.ts";
import { withMeta } from "../protocol/frame-meta.ts";
import { MissingPartError } from "../protocol/missing-part.ts";
import type { QuestionsPart } from "./asking.ts";
import { type Comer, createGate, type Gate } from "./gate.ts";
import type { SearchLostCall } from "./lost-calls.ts";
import type { AskOptions, Server } from "./server.ts";
import type { RunningRequest, RunningTask } from "./task-table.ts";

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

  /**
   * A request in flight, what bounds it, and its place in a queue. Each poll makes one: so it is one object, without a
   * controller of its own, and its reply passes through no further promise.
   */
  class SentRequest implements RunningRequest, AskOptions, Comer {
    readonly task: RunningTask;
    readonly record: TaskRecord;
    readonly operation: Operation;
    timeoutMs: number = requestTimeoutMs;
    gate: Gate | undefined;
    aborted = false;
    /** Of the channel, once it is in flight. */
    request: { abandon(): void } | undefined;
    isSent = false;
    #controller: AbortController | undefined;

    constructor(task: RunningTask, record: TaskRecord, operation: Operation) {
      this.task = task;
      this.record = record;
      this.operation = operation;
    }

    get about(): string {
      return this.record.id;
    }

    get giveUp(): this {
      return this;
    }

    /** For what cannot do with {@link giveUp}: made when it is asked for. */
    get signal(): AbortSignal {
      this.#controller ??= new AbortController();
      if (this.aborted) this.#controller.abort();
      return this.#controller.signal;
    }

    abort(): void {
      this.aborted = true;
      this.#controller?.abort();
      this.request?.abandon();
    }

    mayRepeat(): boolean {
      const { state } = this.task;
      // Open for a question that is known by now: whether the next session is to ask it again, its answer shows.
      const isIdle =
        this.operation === "result" && !hasEnded(state.record) && !questions?.wantsQuestions(state);
      return !isIdle && !mustWait(state, clock.now());
    }

    enter(): void {
      const { task, record, gate } = this;
      let asked: Promise<unknown>;
      try {
        const frame = frameOf(record, this.operation as PlainOperation);
        // It was given up while it waited for its turn.
        if (this.aborted) throw this.signal.reason;
        // Another request of the task may have been answered with Retry-After meanwhile.
        if (gate && !this.mayRepeat()) {
          const message = "The server asked for a retry later";
          throw new RequestFailedError(frame.method, { kind: "network", message });
        }
        asked = serverOf(task, record).request(withMeta(frame, record.trace), this, record.generation);
      } catch (error) {
        asked = Promise.reject(error);
      }
      asked.then(
        (reply) => this.came(eventOf, reply),
        (error: unknown) => this.came(rethrow, error),
      );
    }

    /** Takes what the request came to, and how to read it. */
    came(read: typeof eventOf, reply?: unknown): void {
      const { task, operation } = this;
      const isLatest = task.requests.get(operation) === this;
      if (isLatest) task.requests.set(operation, undefined);
      try {
        if (!this.aborted) replied(task, this.#eventOf(read, reply));
        // The server knows, or has had its time to.
        else if (isLatest && operation === "call")
          replied(task, { type: "callAbandoned", unsent: !this.isSent });
      } finally {
        this.count(-1);
        ended(operation);
        this.gate?.leave();
      }
    }

    count(change: number): void {
      if (this.operation === "call" && this.record.call.timeoutMs !== undefined) held += change;
      else inFlight += change;
    }

    #eventOf(read: typeof eventOf, reply: unknown): TaskEvent {
      try {
        const event = read(reply, this.record, this.operation as PlainOperation);
        const failure = oversized(event, maxResultLength);
        return failure ? this.#requestFailed(failure) : event;
      } catch (error) {
        return this.#requestFailed(
          failureFrom(error),
          error instanceof RequestFailedError ? error.method : undefined,
        );
      }
    }

    #requestFailed(failure: RequestFailure, method?: string): TaskEvent {
      const { operation, record } = this;
      // What is answered meanwhile, or by another process, was not refused with it.
      const answers = operation === "answer" && questions?.answersToSend(record);
      const keys = answers ? answers.map(({ key }) => key) : [];
      return { type: "requestFailed", operation, failure, method, keys };
    }
  }

  function send(task: RunningTask, record: TaskRecord, operation: Operation): void {
    const request = new SentRequest(task, record, operation);
    task.requests.set(operation, request);
    request.count(1);
    switch (operation) {
      case "get":
        request.gate = polls;
        return polls.admit(request);
      case "result":
        if (hasEnded(record)) return request.enter();
        request.gate = task.endpoint.questionStreams;
        request.timeoutMs = Math.min(requestTimeoutMs, QUESTION_STREAM_MS);
        return request.gate.admit(request);
      default:
        perform(request, operation).then(
          (reply) => request.came(typeof reply === "function" ? reply : () => reply),
          (error: unknown) => request.came(rethrow, error),
        );
    }
  }

  async function perform(
    request: SentRequest,
    operation: Exclude<Operation, "get" | "result">,
  ): Promise<TaskEvent | (() => TaskEvent)> {
    const { task, record, signal } = request;
    const server = serverOf(task, record);
    const options: AskOptions = {
      timeoutMs: requestTimeoutMs,
      signal,
      about: record.id,
      mayRepeat: () => request.mayRepeat(),
    };
    const ask = async ({ frame, read }: TaskRequest, limits?: AskOptions): Promise<TaskEvent> => {
      signal.throwIfAborted();
      const traced = withMeta(frame, record.trace);
      return read(await server.request(traced, { ...options, ...limits }, record.generation));
    };
    switch (operation) {
      case "describe": {
        const description = await server.describe(record.call.name, describesAnew(task.state), signal);
        return { type: "described", description };
      }
      case "call": {
        const { timeoutMs = requestTimeoutMs, progressToken, asTask } = record.call;
        const onStream: AskOptions["onStream"] = (stream) => {
          if (task.requests.get(operation) === request) replied(task, { type: "streamed", stream });
        };
        // The next process takes its reply: on the response stream, or by the same call under the same key.
        const isAwaitedLater = (): boolean =>
          (task.state.record.stream ?? record.call.idempotency) !== undefined;
        const event = await ask(taskRequest(record, operation), {
          rejectAfterAnnouncing: true,
          // A process may die while it connects, and the next one would take the call for sent.
          onlyConnected: !task.state.ephemeral && !record.stream && record.call.recovery !== "repeat",
          onSent() {
            request.isSent = true;
          },
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
      case "list":
        return search?.(record, server, task) ?? { type: "listed", unclaimed: [] };
      case "answer":
        return questions?.deliver(record, server, ask, signal) ?? { type: "delivered", keys: [] };
      case "cancel": {
        // Whatever generation the server speaks now: a cancel must not wait for it to speak the task's own again.
        const { frame, read } = taskRequest(record, operation);
        return read(await server.request(withMeta(frame, record.trace), options));
      }
    }
  }

  return { send, inFlight: () => inFlight, held: () => held };
}

function rethrow(error: unknown): never {
  throw error;
}

function serverOf({ endpoint: { server } }: RunningTask, { endpoint }: TaskRecord): Server {
  if (!server) throw new TypeError(`No endpoint is named ${JSON.stringify(endpoint)}`);
  return server;
}
