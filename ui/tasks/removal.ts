import { Followed } from "../app/followed.ts";
import { problem } from "../app/problems.ts";
import { OFFERED_MS, offerUndo } from "../app/undo.ts";

/** Which tasks are removed but can be put back, and until when, in ms since 1970. All tabs hide them. */
const KEY = "holdfast-removed";
type Pending = Readonly<Record<string, number>>;
/** Where there is no storage: as long as the page lives. */
let memory: Pending = {};

/** The tasks that are not shown any longer. */
export const removed = new Followed<ReadonlySet<string>>(new Set(Object.keys(read())));
addEventListener("storage", ({ key }) => {
  if (key === KEY) removed.set(new Set(Object.keys(read())));
});

/** Deletes a task for good. */
export type Forget = (id: string) => Promise<void>;

/** Hides tasks, offers to put them back, and deletes them when that is over. */
export function removeTasks(ids: readonly string[], message: string, forget: Forget): void {
  const until = Date.now() + OFFERED_MS;
  write({ ...read(), ...Object.fromEntries(ids.map((id) => [id, until])) });
  offerUndo(
    message,
    () => show(ids),
    () => void deleteAll(ids, forget),
  );
}

/** Deletes what an earlier page removed, once it cannot be put back. */
export function finishRemovals(forget: Forget): void {
  for (const [id, until] of Object.entries(read())) {
    // The page that offers to put it back may have done so by then.
    setTimeout(() => id in read() && void deleteAll([id], forget), Math.max(0, until - Date.now()));
  }
}

async function deleteAll(ids: readonly string[], forget: Forget): Promise<void> {
  for (const id of ids) {
    try {
      await forget(id);
    } catch (error) {
      problem.set(`A task could not be removed: ${error instanceof Error ? error.message : error}`);
    }
    // One that could not be deleted is still there, and shown again.
    show([id]);
  }
}

function show(ids: readonly string[]): void {
  const left = { ...read() };
  for (const id of ids) delete left[id];
  write(left);
}

function read(): Pending {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const entries = Object.entries(Object(stored) as object).filter(([, until]) => typeof until === "number");
    return Object.fromEntries(entries) as Pending;
  } catch {
    return memory;
  }
}

function write(pending: Pending): void {
  memory = pending;
  removed.set(new Set(Object.keys(pending)));
  try {
    if (Object.keys(pending).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(pending));
  } catch {
    // Without storage it is this page's to finish.
  }
}
