/**
 * Holdfast: the MCP Tasks client for browsers and the edge.
 * @module
 */
export type { Connection, ConnectionEvents, Connector } from "./channel/connection.ts";
export { withIdempotencyKeys } from "./channel/idempotency-keys.ts";
export type { HostedClient } from "./client/hosted-client.ts";
export type { StartOptions } from "./client/new-call.ts";
export type { CloseOptions, EndpointRequestOptions, HostedClientOptions } from "./client/options.ts";
export { TaskClient, type TaskClientOptions } from "./client/task-client.ts";
export type { Tracing } from "./client/tracing.ts";
export type { Clock } from "./clock.ts";
export type { Claim, Leadership } from "./engine/claim.ts";
export type {
  Failure,
  Outcome,
  RecordedCall,
  RecordedCancel,
  RecordedInput,
  Recovery,
  Stage,
  TaskRecord,
} from "./engine/record.ts";
export { RequestFailedError, type RequestTarget } from "./engine/request-failed.ts";
export type { RequestFailure } from "./engine/request-failure.ts";
export type { Doubt } from "./engine/reused-id.ts";
export type { Timing } from "./engine/schedule.ts";
export type { Retry } from "./engine/state.ts";
export type { Ticks } from "./engine/ticks.ts";
export {
  ClientClosedError,
  InputError,
  TaskCancelledError,
  TaskError,
  TaskExpiredError,
  TaskFailedError,
  TaskLostError,
  type TaskReference,
  UnknownEndpointError,
} from "./errors.ts";
export { browserHost } from "./hosts/browser-host.ts";
export type { Host } from "./hosts/host.ts";
export { timerHost } from "./hosts/timer-host.ts";
export type { InputMethod, InputRequest } from "./protocol/input-request.ts";
export type { JsonObject, JsonValue } from "./protocol/json.ts";
export type { RpcErrorBody } from "./protocol/json-rpc.ts";
export type { HeaderParameter } from "./protocol/parameter-headers.ts";
export type { Generation } from "./protocol/registry.ts";
export type { ClientIdentity, Session } from "./protocol/session.ts";
export type { IdempotencyKey, TaskId, TaskPreference, ToolCall } from "./protocol/task-protocol.ts";
export type { CallReply, TaskPage, TaskPayload, TaskReading } from "./protocol/task-reading.ts";
export type { SnapshotReading, TaskProgress, TaskSnapshot, WireStatus } from "./protocol/task-snapshot.ts";
export type { ListedTool, ReadHeaders, TaskSupport, ToolFacts } from "./protocol/tool-facts.ts";
export type { ContentBlock, ToolResult } from "./protocol/tool-result.ts";
export type { TraceContext } from "./protocol/trace-context.ts";
export type { Alarm } from "./runtime/alarm.ts";
export type {
  CallOwnership,
  ForeignTasks,
  Ownership,
  OwnershipEvents,
  OwnershipOf,
  TaskAction,
} from "./runtime/ownership.ts";
export type { Problem } from "./runtime/problem.ts";
export type { Retention } from "./runtime/retention.ts";
export type { DeliveryNotes, StoredRecord, TaskStore } from "./store/task-store.ts";
export { Task, type TaskActions } from "./task.ts";
export type { CallOptions, TaskClientApi, TaskReader } from "./task-client-api.ts";
export type { Delivery, DeliveryReceipt, TaskInbox, UndeliveredQuery } from "./task-inbox.ts";
export type { TaskStatus } from "./task-status.ts";
export type { OmittedPart, TaskView } from "./task-view.ts";
export { VERSION } from "./version.ts";
