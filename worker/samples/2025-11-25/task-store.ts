import type {
  CreateTaskOptions,
  TaskStore,
} from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import type { Request, RequestId, Result, Task } from "@modelcontextprotocol/sdk/types.js";
import { INTERNAL_ERROR, INVALID_PARAMS } from "../../../src/protocol/error-codes.ts";
import { RpcError } from "../json-rpc.ts";
import { jobSchema, pollIntervalOf, type TaskRecord } from "../task-record.ts";
import type { TaskTable } from "../task-table.ts";
import { type Moment, standing } from "../timeline.ts";

const PAGE = 10;

/**
 * The SDK's view of the lab's tasks. It does not distinguish sessions: a task belongs to the lab, and a client whose session was
 * lost finds it from its next one.
 */
export class LabTaskStore implements TaskStore {
  readonly #tasks: TaskTable;

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  async createTask(
    options: CreateTaskOptions,
    requestId: RequestId,
    request: Request,
    sessionId?: string,
  ): Promise<Task> {
    const plain = request.params?.task === undefined;
    const progressToken = request.params?._meta?.progressToken;
    const record = this.#tasks.create("2025-11-25", jobSchema.parse(options.context?.job), {
      ttl: options.ttl,
      caller:
        sessionId === undefined
          ? undefined
          : {
              sessionId,
              ...(progressToken !== undefined && { progressToken }),
              ...(plain && { plainRequestId: requestId }),
            },
    });
    return wireTask(record, standing(record, record.createdAt));
  }

  async getTask(taskId: string): Promise<Task | null> {
    const record = this.#tasks.get("2025-11-25", taskId);
    return record ? wireTask(record, standing(record, Date.now())) : null;
  }

  async getTaskResult(taskId: string): Promise<Result> {
    const record = this.#tasks.get("2025-11-25", taskId);
    if (!record) throw new RpcError(INVALID_PARAMS, `Task not found: ${taskId}`);
    const { outcome } = standing(record, Date.now());
    if (!outcome) throw new RpcError(INTERNAL_ERROR, "The task was cancelled, so the call has no result");
    if ("error" in outcome) throw new RpcError(outcome.error.code, outcome.error.message);
    return outcome.result;
  }

  async updateTaskStatus(taskId: string, status: Task["status"]): Promise<void> {
    // Cancelling is the only change that comes from outside; all others come with time.
    if (status !== "cancelled") throw new RpcError(INTERNAL_ERROR, `A task here is never set to ${status}`);
    const record = this.#tasks.get("2025-11-25", taskId);
    if (!record) throw new RpcError(INVALID_PARAMS, `Task not found: ${taskId}`);
    if (!this.#tasks.cancel(record)) throw new RpcError(INVALID_PARAMS, `Task has ended: ${taskId}`);
  }

  async storeTaskResult(taskId: string): Promise<void> {
    throw new RpcError(INTERNAL_ERROR, `The result of ${taskId} is a matter of time, not of storing`);
  }

  async listTasks(cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const all = this.#tasks.list().filter((record) => record.generation === "2025-11-25");
    const before = cursor === undefined ? -1 : all.findIndex((record) => record.taskId === cursor);
    if (cursor !== undefined && before < 0) throw new RpcError(INVALID_PARAMS, `Invalid cursor: ${cursor}`);
    const page = all.slice(before + 1, before + 1 + PAGE);
    const last = page.at(-1);
    const now = Date.now();
    return {
      tasks: page.map((record) => wireTask(record, standing(record, now))),
      ...(last && last !== all.at(-1) && { nextCursor: last.taskId }),
    };
  }
}

export function wireTask(record: TaskRecord, moment: Moment): Task {
  return {
    taskId: record.taskId,
    status: moment.status,
    statusMessage: moment.message,
    createdAt: new Date(record.createdAt).toISOString(),
    lastUpdatedAt: new Date(moment.at).toISOString(),
    ttl: record.ttl,
    pollInterval: pollIntervalOf(record),
  };
}
