import { METHOD_NOT_FOUND } from "../../../src/protocol/error-codes.ts";
import { onStreamEnd } from "../../http/stream-end.ts";
import type { Announcements } from "../announcements.ts";
import { readAnswer } from "../edition-question.ts";
import { errorReply, type Frame, stringParam } from "../json-rpc.ts";
import type { Endpoint } from "../lab.ts";
import type { TaskRecord } from "../task-record.ts";
import type { TaskTable } from "../task-table.ts";
import { type Moment, STAGES, standing } from "../timeline.ts";
import { acquirePaper, mustTask } from "../tools.ts";
import { LiveSession } from "./live-session.ts";
import { questionFrame, questionIn } from "./question-frame.ts";
import { SessionTable } from "./session-table.ts";
import { wireTask } from "./task-store.ts";

/** The MCP 2025-11-25 endpoint: Streamable HTTP with sessions. */
export class Endpoint2025 implements Endpoint {
  readonly #tasks: TaskTable;
  readonly #announcements: Announcements;
  readonly #sessions: SessionTable;
  readonly #live = new Map<string, LiveSession>();
  /** Kept, so that two requests that find a session asleep wake it once. */
  readonly #waking = new Map<string, Promise<LiveSession>>();

  constructor(tasks: TaskTable, announcements: Announcements, storage: SyncKvStorage) {
    this.#tasks = tasks;
    this.#announcements = announcements;
    this.#sessions = new SessionTable(storage);
    announcements.listen((record, moment) => {
      if (record.generation === "2025-11-25") this.#announce(record, moment);
    });
  }

  async handle(request: Request, frame: Frame | undefined): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    if (frame?.method === "initialize") return this.#open(request, frame);
    if (sessionId === null) {
      const message = "Bad Request: Mcp-Session-Id header is required";
      return errorReply(400, frame?.id, { code: -32000, message });
    }
    if (!this.#sessions.has(sessionId)) {
      return errorReply(404, frame?.id, { code: -32001, message: "Session not found" });
    }
    const session = this.#live.get(sessionId) ?? (await this.#wake(sessionId));
    const refusal = refuseByTaskSupport(frame);
    if (refusal) return refusal;

    const response = await session.handle(request, frame);
    if (request.method === "DELETE" && response.ok) this.#live.delete(sessionId);
    // The SDK's server has no part in answers: they have to find their question in an object that never sent it.
    if (response.ok && frame && frame.method === undefined) this.#answer(frame);
    return this.#watched(session, frame, response);
  }

  async forgetSessions(): Promise<void> {
    const live = [...this.#live.values()];
    this.#live.clear();
    this.#sessions.forgetAll();
    for (const session of live) await session.close();
  }

  async #open(request: Request, initialize: Frame): Promise<Response> {
    const id = crypto.randomUUID();
    const session = await LiveSession.open(id, this.#tasks, () => this.#sessions.forget(id));
    const response = await session.handle(request, initialize);
    if (response.ok) {
      this.#sessions.remember(id, initialize);
      this.#live.set(id, session);
    }
    return response;
  }

  #wake(id: string): Promise<LiveSession> {
    const waking = this.#waking.get(id) ?? this.#reopen(id).finally(() => this.#waking.delete(id));
    this.#waking.set(id, waking);
    return waking;
  }

  async #reopen(id: string): Promise<LiveSession> {
    const session = await LiveSession.open(id, this.#tasks, () => this.#sessions.forget(id));
    await session.replay(this.#sessions.initializeOf(id));
    this.#live.set(id, session);
    return session;
  }

  /** While a stream is open, changes are sent on it as they come. */
  #watched(session: LiveSession, frame: Frame | undefined, response: Response): Response {
    if (response.headers.get("content-type") !== "text/event-stream") return response;
    const closed = this.#announcements.streamOpened();
    const waitEnded = this.#await(session, frame);
    return onStreamEnd(response, () => {
      closed();
      waitEnded();
    });
  }

  /** A `tasks/result` is also where a task asks: now, if it has a question, and whenever it comes to have one. */
  #await(session: LiveSession, frame: Frame | undefined): () => void {
    if (frame?.method !== "tasks/result" || frame.id === undefined) return () => {};
    const taskId = stringParam(frame, "taskId") ?? "";
    const ended = session.waitFor(taskId, frame.id);
    const record = this.#tasks.get("2025-11-25", taskId);
    if (record) this.#ask(session, record, standing(record, Date.now()), frame.id);
    return ended;
  }

  #answer(frame: Frame): void {
    const { taskId, key } = questionIn(frame.id);
    const record = this.#tasks.get("2025-11-25", taskId);
    if (!record) return;
    // A client that answers with an error will not answer at all.
    const result = frame.error ? { action: "cancel" } : frame.result;
    this.#tasks.answer(record, key, readAnswer(result, Date.now()));
  }

  #ask(session: LiveSession, record: TaskRecord, moment: Moment, streamOf: string | number): void {
    const question = questionFrame(record, moment);
    if (question) session.send(question, streamOf);
  }

  #announce(record: TaskRecord, moment: Moment): void {
    // A task belongs to the lab, so every session that listens is notified: the one that started it may be gone.
    for (const session of this.#live.values()) {
      session.send({
        jsonrpc: "2.0",
        method: "notifications/tasks/status",
        params: { ...wireTask(record, moment) },
      });
      for (const requestId of session.waitingFor(record.taskId)) {
        this.#ask(session, record, moment, requestId);
      }
    }
    const { caller } = record;
    const session = caller && this.#live.get(caller.sessionId);
    if (session) this.#tellCaller(session, caller, record, moment);
  }

  /** What only the session that made the call understands. */
  #tellCaller(
    session: LiveSession,
    { progressToken, plainRequestId }: NonNullable<TaskRecord["caller"]>,
    record: TaskRecord,
    moment: Moment,
  ): void {
    if (progressToken !== undefined) {
      const { progress, message } = moment;
      const params = { progressToken, progress, total: STAGES, message };
      session.send({ jsonrpc: "2.0", method: "notifications/progress", params }, plainRequestId);
    }
    if (plainRequestId !== undefined) this.#ask(session, record, moment, plainRequestId);
  }
}

const TASK_SUPPORT: Record<string, "optional" | "required"> = {
  [acquirePaper.name]: "optional",
  [mustTask.name]: "required",
};

/**
 * -32601 for a call that does not go with the tool's `execution.taskSupport`. The v1 SDK answers these with a tool result or
 * with -32602, where the specification demands -32601.
 */
function refuseByTaskSupport(frame: Frame | undefined): Response | undefined {
  const tool = stringParam(frame, "name");
  if (frame?.method !== "tools/call" || tool === undefined) return undefined;
  const augmented = frame.params?.task !== undefined;
  const support = TASK_SUPPORT[tool] ?? "forbidden";
  if (augmented ? support !== "forbidden" : support !== "required") return undefined;
  const message = augmented ? `${tool} cannot run as a task` : `${tool} runs only as a task`;
  return errorReply(200, frame.id, { code: METHOD_NOT_FOUND, message });
}
