import { endedAsPlainCall, isCall, type TaskRecord } from "../engine/record.ts";
import { viewOf } from "../task-view.ts";
import type { HostParts } from "./host-parts.ts";
import { inSlices } from "./slices.ts";

/**
 * Runs those of the records that this process may run.
 * @param dueFrom Nothing was due before then (ms since 1970), by this process's own steps.
 */
export function resume(parts: HostParts, records: readonly TaskRecord[], dueFrom?: number): Promise<void> {
  const { options, runtime } = parts;
  return inSlices(records, options.clock, (record) => {
    const { id, endpoint } = record;
    if (runtime.state(id)) return;
    const ownership = parts.ownership(record);
    // Reading took its time: another tab may lead by now.
    const claim = ownership.claim(record);
    if (claim === "leave") return;
    if (!options.endpoint(endpoint)) {
      const given = options.endpoints.map((name) => JSON.stringify(name)).join(", ") || "none";
      const message = `Task ${id} waits for the endpoint ${JSON.stringify(endpoint)}, which this TaskClient does not have (it has ${given}). Add the server under that name to resume its tasks`;
      options.report({ kind: "unknown-endpoint", id, endpoint, message });
    } else if (claim === "wait") void ownership.resumeOrphan(id);
    else runtime.wake(record, dueFrom === undefined ? {} : { dueFrom });
  });
}

/**
 * Runs a record that another tab hands over. That tab has just read the task: this one need not poll at once.
 * @param base The `rev` that the store holds, where that is not the record's.
 */
export async function adopt(parts: HostParts, record: TaskRecord, base?: number): Promise<void> {
  const { runtime, stored } = parts;
  const ownership = parts.ownership(record);
  if (ownership.claim(record) === "wait") return ownership.resumeOrphan(record.id);
  // A tab that was frozen hands over what it wrote before: this one may have ended the task meanwhile.
  const held = await stored.record(record.id);
  const isLater = held !== undefined && held.rev > record.rev;
  const latest = isLater ? held : record;
  const known = isLater ? held.rev : base;
  if (latest.outcome) publishStored(parts, latest);
  else if (ownership.claim(latest) === "run") runtime.wake(latest, { fresh: true }, known ?? null);
  // Another tab leads by now.
  else ownership.handOver(latest, known);
}

/** Another tab leads now: yields what runs here. */
export function yieldAll({ runtime, ownership }: HostParts, endpoint: string): void {
  const own = ownership({ endpoint });
  for (const { record } of runtime.states()) {
    if (record.endpoint !== endpoint) continue;
    const { id } = record;
    // A call this tab is making stays with it; so does one that is not stored, or not yet, which nobody else knows.
    const isUnknown = isCall(record) && runtime.base(id) === undefined;
    if (isUnknown || (!runtime.isStored(id) && own.calls.makes(id))) continue;
    if (own.claim(record) !== "leave") continue;
    runtime.yield(id);
    own.calls.release(id);
  }
}

/**
 * Another tab moved on a task that runs here, or deleted it. Resolves with the record to go on from, if this process may run
 * it; otherwise it yields it.
 */
export async function overtaken(parts: HostParts, id: string): Promise<TaskRecord | undefined> {
  const { options, runtime, stored } = parts;
  const look = await stored.look(id);
  const record = look?.record;
  if (record) publishStored(parts, record);
  // The tab that deleted it may have died before it published that.
  else if (look && !look.held) options.forgotten(id);
  const ownership = parts.ownership(record ?? runtime.state(id)?.record ?? {});
  const goesOn = record && !record.outcome && ownership.leadership !== "following";
  // A call that another tab makes is that tab's, until it ends.
  const own = goesOn && (!isCall(record) || ownership.leadership === "alone" || runtime.sends(id, "call"));
  if (own) return record;
  ownership.calls.release(id);
  runtime.yield(id);
  if (goesOn) void ownership.resumeOrphan(id);
  return undefined;
}

/** The tab that wrote this may have died before it published it, or stepped down meanwhile. */
export function publishStored({ options, ownership }: HostParts, record: TaskRecord): void {
  const view = viewOf(record);
  options.changed(view);
  ownership(record).publish(view, endedAsPlainCall(record));
}
