import { isCall } from "../engine/record.ts";
import { readQuestion } from "../protocol/input-request.ts";
import { isShallow } from "../protocol/json.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import type { HostParts } from "./host-parts.ts";
import type { ForeignTasks, OwnershipEvents } from "./ownership.ts";
import { publishStored } from "./residence.ts";

/** How long a message of another tab may take to arrive, and a last write of one that died to land, in ms. */
const PUBLISHED_MS = 1_000;

export interface FollowedTasks
  extends ForeignTasks,
    Pick<OwnershipEvents, "awaits" | "published" | "outdated"> {
  /** Reads the followed tasks that run elsewhere: a tab that was frozen may have missed messages. */
  readonly refresh: () => void;
}

/** What this tab does about the tasks of an endpoint that other tabs run. */
export function createFollowedTasks(parts: HostParts, endpoint: string): FollowedTasks {
  const { options, runtime, stored } = parts;
  const { follows, changed, over } = options;

  /** A tab that was frozen for long publishes old views: the view of a task without a handle here is compared with the store. */
  async function applyUnknown(view: TaskView, plain: boolean): Promise<void> {
    // A plain call of another tab is news only to a holder of its handle.
    if (plain) return over(view.id);
    if (view.outcome) return changed(view);
    const record = await stored.record(view.id);
    // Without a record in the store, the task was a plain call that has ended.
    if (record) changed(record.rev > view.rev ? viewOf(record) : view);
  }

  async function reload(id: string): Promise<void> {
    if (runtime.state(id)) return;
    const record = await stored.record(id);
    if (record) changed(viewOf(record));
  }

  /** Runs a task whose call no tab makes any longer. Resolves with whether the store holds it. */
  async function recover(id: string): Promise<boolean> {
    const ownership = parts.ownership({ endpoint });
    let isHeld = false;
    await ownership.calls.takeOver(id, async (keep) => {
      const record = await stored.record(id);
      isHeld = record !== undefined;
      // The tab that made the call may have died before it could publish how it ended.
      if (record?.outcome) publishStored(parts, record);
      if (!record || record.outcome || ownership.leadership === "following" || runtime.state(id)) return;
      if (isCall(record)) keep();
      // Past the call, its tab has just read the task, and hands it over too.
      runtime.wake(record, { fresh: !isCall(record) });
    });
    return isHeld;
  }

  return {
    awaits() {
      for (const task of options.followed()) if (task.endpoint === endpoint) return true;
      return false;
    },
    published(view, plain) {
      runtime.overtakenBy(view);
      if (follows(view.id)) changed(view);
      else void applyUnknown(view, plain);
    },
    // It only shows that the store may hold a later one.
    outdated(view) {
      runtime.overtakenBy(view);
      if (follows(view.id)) void reload(view.id);
    },
    refresh() {
      for (const task of [...options.followed()]) if (task.endpoint === endpoint) void reload(task.id);
    },
    // A call that turned out to be plain left the store, and ends with its tab. Until then that tab publishes how it ended.
    followCall({ id }) {
      if (runtime.state(id)) return;
      const look = async (): Promise<void> => {
        if ((await options.store.load(id)) === undefined) options.clock.after(PUBLISHED_MS, () => over(id));
      };
      // A store that cannot be read says nothing.
      parts.ownership({ endpoint }).calls.takeOver(id, () => look().catch(() => undefined));
    },
    async resumeOrphan(id) {
      if (await recover(id)) return;
      // A call that could not be stored is stored with its task. That write may land after its tab has died, and its lock with it.
      const lookAgain = async (): Promise<void> => {
        if ((await options.store.load(id)) !== undefined) await recover(id);
      };
      options.clock.after(PUBLISHED_MS, () => lookAgain().catch(() => undefined));
    },
    passOn(message, { about, sessionId }) {
      const asked = isShallow(message.params) ? readQuestion(message, sessionId, about) : undefined;
      if (!asked) return false;
      // One that names no task is for the one task there is, if no other request of this tab brought it.
      const unnamed = asked.taskId === undefined && about === undefined;
      const own = options.endpoint(endpoint)?.hasOwnTransport === true;
      const meant = [...options.followed()].filter(
        ({ endpoint: theirs, taskId }) =>
          theirs === endpoint && taskId !== undefined && (unnamed ? own : taskId === asked.taskId),
      );
      const task = unnamed && meant.length > 1 ? undefined : meant.at(-1);
      const action = task && ({ type: "asked", id: task.id, request: asked.request } as const);
      // A client that closes meanwhile takes no question: the server asks the next one again.
      if (action)
        parts
          .ownership({ endpoint })
          .ask(action)
          .catch(() => undefined);
      return task !== undefined;
    },
  };
}
