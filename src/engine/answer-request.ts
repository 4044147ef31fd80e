import { declinesUnknown } from "../protocol/input-request.ts";
import { METHOD_NOT_FOUND, type RequestId, type RpcReply } from "../protocol/json-rpc.ts";
import { protocolOf } from "../protocol/registry.ts";
import { RELATED_TASK } from "../protocol/session.ts";
import { answersToSend } from "./input.ts";
import type { RecordedInput, TaskRecord } from "./record.ts";
import { responsesOf, type TaskRequest, wireIdOf } from "./task-request.ts";

/** The answer to a request of the server (2025-11-25), and its question. */
export interface ServerReply {
  readonly id: RequestId;
  readonly reply: RpcReply;
  readonly question: RecordedInput;
}

/** The answers to deliver: one request with all of them, or the reply to one request of the server. */
export function answerRequest(record: TaskRecord): TaskRequest | ServerReply | undefined {
  const protocol = protocolOf(record.generation);
  const answered = answersToSend(record);
  const taskId = wireIdOf(record);
  if (protocol.encodeUpdate) {
    const keys = answered.map(({ key }) => key);
    return {
      frame: protocol.encodeUpdate(taskId, responsesOf(answered)),
      read: () => ({ type: "delivered", keys }),
    };
  }
  const [question] = answered;
  if (question?.rpcId === undefined) return undefined;
  const related = record.taskId !== undefined && { _meta: { [RELATED_TASK]: { taskId } } };
  const reply: RpcReply = declinesUnknown(question)
    ? { error: { code: METHOD_NOT_FOUND, message: `${question.method} is not supported by this client` } }
    : { result: { ...question.response, ...related } };
  return { id: question.rpcId, reply, question };
}
