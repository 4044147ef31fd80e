import type { Connector } from "../channel/connection.ts";
import { everything } from "../client/everything.ts";
import { settle } from "../engine/outcome.ts";
import type { TaskRecord } from "../engine/record.ts";
import { oversized, taskRequest } from "../engine/task-request.ts";
import { withMeta } from "../protocol/frame-meta.ts";
import { type JsonObject, jsonCopy } from "../protocol/json.ts";
import { isRequest } from "../protocol/json-rpc.ts";
import { protocolOf, registerProtocols } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";
import type { TraceContext } from "../protocol/trace-context.ts";
import { type TaskView, viewOf } from "../task-view.ts";

/** What another process needs to make plain calls of a tool in place of the object. Plain data: see {@link DurableTasks.lend}. */
export interface LentTool {
  /** The record of such a call, without its arguments and its end. */
  readonly record: TaskRecord;
  readonly session: Session;
}

/** One call of a lent tool. */
export interface LentCall {
  /** The id of its task: a new one. */
  readonly id: string;
  readonly arguments: JsonObject;
  /** How long the reply may take, in ms. */
  readonly timeoutMs: number;
  /** The longest result, as JSON, in characters. */
  readonly maxResultLength: number;
  /** The trace that the call belongs to. */
  readonly trace?: TraceContext | undefined;
}

/** A call of a lent tool that has its result. */
export interface SettledCall {
  /** For {@link DurableTasks.record}. */
  readonly record: TaskRecord;
  readonly view: TaskView;
}

/** Returns what another process needs to call the tool of a settled record itself; `undefined` unless it may. */
export function lentTool(
  settled: TaskRecord | undefined,
  session: Session | undefined,
): LentTool | undefined {
  if (!settled || !session || settled.outcome?.kind !== "completed") return undefined;
  const { outcome: _result, settledAt: _at, trace: _trace, call: made, ...record } = settled;
  const { arguments: _args, progressToken: _token, repeated: _again, ...call } = made;
  // A call that may not be repeated is written before it is made. One that becomes a task, or is asked about, is the object's.
  // Nor is it the tool that declares a call safe to repeat whose caller does, by a key or in its options.
  if (call.recovery !== "repeat" || call.repeatable !== undefined || call.rounds > 0 || call.headers)
    return undefined;
  if (settled.taskId !== undefined || settled.addressees) return undefined;
  const { tools: _facts, ...agreed } = session;
  return { record: { ...record, call, inputs: [] }, session: agreed };
}

/**
 * Makes a plain call of a tool that a Durable Object has lent, on a connection of its own and in the object's session. Returns
 * `undefined` if anything but a result came of it in time, or the server asked something: the object then makes the call,
 * which the tool declares to be safe to repeat.
 * @example
 * const settled = await callLent(fromUrl(url), lent, { id, arguments: {}, timeoutMs: 400, maxResultLength: 2 ** 20 });
 */
export async function callLent(
  connector: Connector,
  { record: lent, session }: LentTool,
  { id, arguments: args, timeoutMs, maxResultLength, trace }: LentCall,
): Promise<SettledCall | undefined> {
  registerProtocols(everything.protocols ?? {});
  const closing = new AbortController();
  const call = { ...lent.call, arguments: jsonCopy(args, `The arguments of ${lent.call.name}`) };
  const record: TaskRecord = { ...lent, id, call, createdAt: Date.now(), ...(trace && { trace }) };
  try {
    const events = {
      inbound: (message: object): boolean => {
        // What the server asks is put to the caller of the object's call.
        if (isRequest(message)) closing.abort();
        return true;
      },
      closed: () => undefined,
      pushRefused: () => undefined,
      person: () => 0,
      closing: closing.signal,
      protocolOf,
    };
    const connection = await connector.connect(events, session, { timeoutMs });
    const { frame, read } = taskRequest(record, "call");
    const event = read(await connection.request(withMeta(frame, trace), { timeoutMs }));
    if (event.type !== "called" || oversized(event, maxResultLength)) return undefined;
    const { reply } = event;
    // The object's call becomes a task of its own.
    if (reply.kind === "task")
      await connection.request(protocolOf(lent.generation).encodeCancel(reply.reading.snapshot.taskId), {
        timeoutMs,
      });
    if (reply.kind !== "result") return undefined;
    const settled = settle(record, { kind: "completed", result: reply.result }, Date.now());
    return { record: settled, view: viewOf(settled) };
  } catch {
    return undefined;
  }
}
