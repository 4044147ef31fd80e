import { openInputs, type TaskRecord } from "../engine/record.ts";
import { ClientClosedError } from "../errors.ts";
import type { HostParts } from "./host-parts.ts";
import type { TaskAction } from "./ownership.ts";

/** Cancels or answers, wherever the task runs. Resolves when that is durable: false if the task does not take it. */
export async function act(parts: HostParts, endpoint: string, action: TaskAction): Promise<boolean> {
  if (parts.runtime.state(action.id)) return actHere(parts, action);
  const ownership = parts.ownership({ endpoint });
  await ownership.join();
  return ownership.ask(action);
}

/** The same in the process that runs the task, or may run it. */
export async function actHere(parts: HostParts, action: TaskAction): Promise<boolean> {
  const { options, runtime } = parts;
  const { questions } = options;
  const { id } = action;
  const record = runtime.state(id)?.record ?? (await parts.stored.record(id));
  if (!record) return false;
  // Where another tab was faster, what it wrote may take the action as well.
  const stored = async (): Promise<boolean> =>
    (await runtime.stored(id)) || act(parts, record.endpoint, action);
  const holds = (held: TaskRecord): boolean => questions?.holds(held, action) === true;
  // The leader before this one may have taken the answer and died before it said so.
  if (holds(record)) return stored();
  const ownership = parts.ownership(record);
  if (!runtime.state(id)) {
    if (record.outcome || !options.endpoint(record.endpoint)) return false;
    const claim = ownership.claim(record);
    // Deposed meanwhile: the next leader acts.
    if (claim === "leave") return ownership.ask(action);
    if (claim === "wait") await ownership.resumeOrphan(id);
    else runtime.wake(record);
  }
  const applied = await questions?.reserveCall(parts, action);
  const state = runtime.state(id);
  const takes =
    state && (action.type !== "answered" || openInputs(state.record).some(({ key }) => key === action.key));
  if (!takes) {
    applied?.();
    // Deposed meanwhile, and perhaps elected again since.
    if (!state) return ownership.ask(action);
    // What refuses it here, or took it meanwhile, may yet give way to what another tab wrote.
    const current = await runtime.stored(id);
    return current ? holds(state.record) : act(parts, record.endpoint, action);
  }
  // It would be dropped, and its caller would take it for durable.
  if (runtime.closed()) throw new ClientClosedError();
  runtime.dispatch(id, action);
  applied?.();
  return stored();
}
