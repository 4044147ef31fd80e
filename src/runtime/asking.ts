// biome-ignore-all assist/source/organizeImports: bundlers keep this order. The protocol first: 0.2 % less to gzip.
import { checkAnswer } from "../protocol/answer.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import { type Question, readQuestion } from "../protocol/input-request.ts";
import { type JsonObject, sameJson } from "../protocol/json.ts";
import type { RpcRequest } from "../protocol/json-rpc.ts";
import { answerRequest } from "../engine/answer-request.ts";
import { askedOf, type Candidates, mayBeNamed } from "../engine/attribution.ts";
import {
  answerFailed,
  answersToSend,
  askedFirst,
  mergeInputs,
  questioned,
  watchedForInput,
} from "../engine/input.ts";
import type { QuestionRules } from "../engine/question-rules.ts";
import type { TaskRecord } from "../engine/record.ts";
import { awaitsQuestion, early, wantsQuestions } from "../engine/result.ts";
import type { TaskEvent } from "../engine/state.ts";
import type { TaskRequest } from "../engine/task-request.ts";
import type { Clock } from "../clock.ts";
import { InputError } from "../errors.ts";
import type { TaskView } from "../task-view.ts";
import type { HostParts } from "./host-parts.ts";
import type { TaskAction } from "./ownership.ts";
import type { Server } from "./server.ts";
import type { RunningEndpoint, RunningTask, TaskTable } from "./task-table.ts";

/** How many questions wait for the reply that names their task. A server that asks more is refused. */
const MAX_UNNAMED = 64;
/** How long a stream that brought a question stays open for further ones, in ms. */
const MORE_QUESTIONS_MS = 100;

/** What a client does with questions of servers, from the wire to the app: its part `questions`. */
export interface QuestionsPart extends QuestionRules {
  readonly createAsking: typeof createAsking;
  readonly deliver: typeof deliver;
  readonly answer: typeof answer;
  readonly reserveCall: typeof reserveCall;
  readonly holds: typeof holds;
}

/** Finds the tasks of questions, and closes the streams that brought them. */
export interface Asking {
  /** Takes a request of a server. Returns whether it is a question about a task of this process. */
  take(endpoint: RunningEndpoint, message: RpcRequest, origin: Origin): Taken;
  /** A call has its reply, which may have named the task of a question. */
  callEnded(): void;
  /** Gives up a stream that is open only for a question: the question is in the record, or is asked again later. */
  giveUp(task: RunningTask): void;
  /** A question of the task is known: its stream frees its connection, and the answer goes on another one. */
  closeStream(task: RunningTask): void;
}

function createAsking(
  table: TaskTable,
  clock: Clock,
  dispatch: (task: RunningTask, event: TaskEvent) => void,
): Asking {
  /** Asks again whose a question is that names an unknown task. */
  const unnamed: (() => void)[] = [];

  function ask(endpoint: RunningEndpoint, question: Question, about: string | undefined): Taken {
    const { taskId, request } = question;
    const candidates: Candidates = {
      named: (id) => endpoint.named.get(id)?.state,
      recorded: (id) => endpoint.tasks.get(id)?.state,
      all: () => [...endpoint.tasks.values()].map(({ state }) => state),
    };
    // On a Client's transport, a request that came on no stream of ours may be for the Client.
    const state = askedOf(candidates, { taskId, about }, endpoint.server?.hasOwnTransport === true);
    const task = state && endpoint.tasks.get(state.record.id);
    if (!task) {
      if (unnamed.length >= MAX_UNNAMED || !mayBeNamed(candidates, { taskId, about })) return false;
      return new Promise((resolve) => {
        unnamed.push(() => resolve(ask(endpoint, question, about)));
      });
    }
    dispatch(task, { type: "asked", request });
    // One for which there was no room is refused, like one that nobody can answer.
    const isAsked = (): boolean =>
      table.tasks.get(task.id)?.state.record.inputs.some(({ rpcId }) => rpcId === request.rpcId) ?? true;
    return task.tenure.overtaken?.then(isAsked) ?? isAsked();
  }

  function giveUp(task: RunningTask): void {
    if (!awaitsQuestion(task.state)) return;
    task.requests.get("result")?.abort();
    const failure = { kind: "network", message: "No question came" } as const;
    dispatch(task, { type: "requestFailed", operation: "result", failure });
  }

  return {
    take(endpoint, message, { sessionId, about }) {
      const question = readQuestion(message, sessionId, about);
      return question ? ask(endpoint, question, about) : false;
    },
    callEnded() {
      for (const again of unnamed.splice(0)) again();
    },
    giveUp,
    closeStream(task) {
      const stream = task.requests.get("result");
      if (!stream) return;
      clock.after(MORE_QUESTIONS_MS, () => {
        if (task.requests.get("result") === stream) giveUp(task);
      });
    },
  };
}

/**
 * Takes an answer of the app: checks it against its question, and has `act` make it durable. Throws an InputError for a question
 * that is not open, and for an answer that does not match it.
 */
async function answer(
  task: TaskView,
  key: string,
  given: JsonObject,
  act: (action: TaskAction) => Promise<boolean>,
): Promise<void> {
  const { id } = task;
  const request = task.inputRequests.find((open) => open.key === key);
  if (request) {
    const checked = checkAnswer(request, given);
    if (!checked.ok) {
      const problems = checked.problems.join("; ");
      throw new InputError(task, key, `The answer does not match its question: ${problems}`);
    }
    if (await act({ type: "answered", id, key, response: checked.response })) return;
  }
  throw new InputError(task, key, `Task ${id} has no open question with the key ${JSON.stringify(key)}`);
}

/**
 * The last answer sends the call again (mrtr): it must be clear to other tabs who makes it. Resolves with a function to call
 * once the action is applied, or is not to be.
 */
async function reserveCall({ runtime, ownership }: HostParts, { type, id }: TaskAction): Promise<() => void> {
  const record = runtime.state(id)?.record;
  if (type !== "answered" || record?.stage !== "asking") return () => undefined;
  const applied = await ownership(record).calls.use(id);
  return () => applied(runtime.state(id)?.record.stage === "calling");
}

/** Whether the record has the answer that the action brings. */
function holds({ inputs }: TaskRecord, action: TaskAction): boolean {
  if (action.type !== "answered") return false;
  const input = inputs.find(({ key }) => key === action.key);
  return input?.response !== undefined && sameJson(input.response, action.response);
}

/** Sends the answers of a record that its server has not got. */
async function deliver(
  record: TaskRecord,
  server: Server,
  ask: (request: TaskRequest) => Promise<TaskEvent>,
  signal: AbortSignal,
): Promise<TaskEvent> {
  const request = answerRequest(record);
  if (!request) return { type: "delivered", keys: [] };
  if ("frame" in request) return ask(request);
  const { key, sessionId } = request.question;
  const sent = await server.respond(request.id, request.reply, sessionId, signal);
  return sent ? { type: "delivered", keys: [key] } : { type: "undeliverable", keys: [key], sessionId };
}

// No spread: bundlers keep an unused object that has one in it.
export const ASKING: QuestionsPart = {
  questioned,
  askedFirst,
  mergeInputs,
  watchedForInput,
  answersToSend,
  answerFailed,
  wantsQuestions,
  early,
  createAsking,
  deliver,
  answer,
  reserveCall,
  holds,
};
