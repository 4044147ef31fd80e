/**
 * Which of the tabs that share a store runs the tasks of an endpoint. Pure: a table says what each event does in each role,
 * and `tab-group.ts` carries its commands out.
 *
 * The lock "leader" (Web Locks) elects. A lock can be stolen, and its holder learns of that late, or not before it thaws: for a
 * while two tabs believe that they lead. Therefore each election has an **epoch**, later than every epoch its tab knows;
 * each message carries the latest epoch that its sender knows, and says whether the sender speaks as the leader.
 * - A leader that receives a later epoch steps down, whatever its lock says.
 * - A receiver ignores a leader of an earlier epoch, and replies with the later one.
 * - A leader does not act on what was asked in an earlier epoch, and replies with its own: a leader before it may have refused
 *   the same request. The tab that asked asks again in the later epoch.
 *
 * The epoch is agreed on and not stored: it costs no write, and needs no method of the store. It is the time of the election,
 * or one more than the latest epoch known. A tab that received no message while the clock was set back is elected with
 * an epoch that is too early: a tab that knows a later one replies with it, and the leader steps down and is elected anew. Where two are
 * elected in the same millisecond, their ids decide.
 *
 * A tab cannot know of its successor while it is frozen, nor before the message comes: what it has begun, it does. Then the
 * store bounds the harm (a write that follows on another `rev` than the stored one is refused, and the tab goes on from what is
 * stored or releases the task), and a call has a lock of its own, which nobody steals.
 */

/** When a leader was elected (ms since 1970, or later), and its tab. */
export interface Epoch {
  readonly at: number;
  readonly by: string;
}

/** What a tab is to an endpoint. */
export type Role =
  /** It does not know yet whether another tab leads. */
  | "joining"
  /** Another tab leads. This one waits for the lock. */
  | "following"
  /** It follows, and has asked whether the leader lives. */
  | "checking"
  /** It takes the lock from a leader that serves nobody. */
  | "taking"
  /** It has the lock, and resumes the tasks. */
  | "entering"
  /** It has the lock, and has resumed the tasks. */
  | "leading"
  | "closed";

// biome-ignore format: in the order of the table
export const ROLES: readonly Role[] = ["joining", "following", "checking", "taking", "entering", "leading", "closed"];

export interface OwnershipState {
  /** Names the tab. */
  readonly tab: string;
  readonly role: Role;
  /** The latest that this tab knows; its own where it leads. */
  readonly epoch: Epoch;
  /** The request for the lock that made this tab lead. */
  readonly lock?: number;
  /** When a visible leader last said, to whatever tab, that it lives. */
  readonly servedAt: number;
}

export type OwnershipEvent =
  | { readonly type: "granted"; readonly request: number; readonly now: number }
  /** The lock was wanted if available, and is not. */
  | { readonly type: "refused" }
  /** The request for the lock has failed, or the lock was stolen. */
  | { readonly type: "lost"; readonly request: number }
  /** This tab has resumed the tasks. */
  | { readonly type: "resumed"; readonly request: number | undefined }
  /** The leader is to be looked after, unless it said within the last `within` ms that it lives: of many followers one asks for all. */
  | { readonly type: "watch"; readonly visible: boolean; readonly now: number; readonly within: number }
  /** A visible leader has said that it lives. */
  | { readonly type: "alive"; readonly now: number }
  /** The leader has not said in time that it lives, or is hidden. `visible`: this tab is. */
  | { readonly type: "silent"; readonly visible: boolean }
  /** The leader has not done in time what this tab asked of it. */
  | { readonly type: "unanswered" }
  /** The envelope of each message. */
  | { readonly type: "heard"; readonly epoch: Epoch | undefined; readonly asLeader: boolean | undefined }
  /** Another tab asks whether the leader lives. */
  | { readonly type: "pinged" }
  /** Another tab hands a task or a call over. */
  | { readonly type: "offered" }
  /** Another tab wants something done with a task. `epoch`: the latest that it knew. `runs`: the task runs in this tab. */
  | { readonly type: "asked"; readonly runs: boolean; readonly epoch: Epoch | undefined }
  | { readonly type: "closed" };

export type OwnershipCommand =
  /** Request the lock, and wait for it as long as it takes, unless such a request waits. */
  | "queue"
  | "steal"
  /** Post the latest epoch known. */
  | "declare"
  /** Resume the tasks, then report `resumed`. */
  | "enter"
  /** Have the others read what they may have missed. */
  | "announce"
  /** Yield the tasks. */
  | "yield"
  /** Give the lock back. */
  | "release"
  /** Ask whether the leader lives; report `alive` or `silent`. */
  | "ping"
  | "pong"
  | "adopt"
  /** Act, once this tab leads or follows. */
  | "act";

/** An event, once what it depends on has been looked at. */
export type Row =
  | Exclude<OwnershipEvent["type"], "lost" | "heard">
  | "stolen"
  | "missed"
  | "hidden"
  | "later"
  | "earlier"
  | "askedOwn"
  | "askedBefore";

/** The role that follows (absent: the same), and what to do. */
export type Cell = readonly [to?: Role | undefined, ...commands: OwnershipCommand[]];

const stay: Cell = [];
const enter: Cell = ["entering", "declare", "enter"];
const leave: Cell = ["closed", "release"];
const queue: Cell = ["following", "queue"];
const follow: Cell = ["following"];
const robbed: Cell = ["following", "yield", "queue"];
const stepDown: Cell = ["following", "yield", "release", "queue"];
const steal: Cell = ["taking", "steal"];
const act: Cell = [undefined, "act"];
const adopt: Cell = [undefined, "adopt"];
const correct: Cell = [undefined, "declare"];
const pong: Cell = [undefined, "pong"];

/** In each row, a cell for each of {@link ROLES}. */
// biome-ignore format: a table
export const TABLE: Readonly<Record<Row, readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell]>> = {
  //            joining  following checking taking   entering  leading   closed
  granted:     [enter,   enter,    enter,   enter,   enter,    enter,    leave],
  refused:     [queue,   stay,     stay,    stay,    stay,     stay,     stay],
  /** The lock by which it leads. */
  stolen:      [stay,    stay,     stay,    stay,    robbed,   robbed,   stay],
  /** Another request for the lock. */
  missed:      [queue,   queue,    queue,   queue,   stay,     stay,     stay],
  resumed:     [stay,    stay,     stay,    stay,    ["leading", "announce"], stay, stay],
  watch:       [stay,    ["checking", "ping"], stay, stay, stay, stay,   stay],
  alive:       [stay,    stay,     follow,  stay,    stay,     stay,     stay],
  silent:      [stay,    stay,     steal,   stay,    stay,     stay,     stay],
  /** `silent`, and this tab is not visible. */
  hidden:      [stay,    stay,     follow,  stay,    stay,     stay,     stay],
  unanswered:  [steal,   steal,    steal,   stay,    stay,     stay,     stay],
  /** A message from a later epoch. */
  later:       [stay,    stay,     stay,    stay,    stepDown, stepDown, stay],
  /** A message of a leader of an earlier epoch. */
  earlier:     [correct, correct,  correct, correct, correct,  correct,  stay],
  pinged:      [stay,    stay,     stay,    stay,    pong,     pong,     stay],
  offered:     [stay,    stay,     stay,    stay,    adopt,    adopt,    stay],
  asked:       [stay,    stay,     stay,    stay,    act,      act,      stay],
  /** `asked`, and the task runs in this tab. */
  askedOwn:    [act,     act,      act,     act,     act,      act,      stay],
  /** `asked` in an earlier epoch: its leader may have refused. Who asked learns of this one, and asks again. */
  askedBefore: [stay,    stay,     stay,    stay,    correct,  correct,  stay],
  closed:      [leave,   leave,    leave,   leave,   leave,    leave,    leave],
};

export function joiningTab(tab: string): OwnershipState {
  return { tab, role: "joining", epoch: { at: 0, by: "" }, servedAt: Number.NEGATIVE_INFINITY };
}

/** Whether the tab runs the tasks of the endpoint. */
export function leads({ role }: OwnershipState): boolean {
  return role === "entering" || role === "leading";
}

/** Whether the tab will soon lead, or follow. */
export function isUndecided({ role }: OwnershipState): boolean {
  return role === "joining" || role === "taking" || role === "entering";
}

function isLater(a: Epoch, b: Epoch): boolean {
  return a.at > b.at || (a.at === b.at && a.by > b.by);
}

/** The state after the event, and what to do. `stale`: the message does not count. */
export function own(
  state: OwnershipState,
  event: OwnershipEvent,
): {
  readonly state: OwnershipState;
  readonly commands: readonly OwnershipCommand[];
  readonly stale: boolean;
} {
  const row = rowOf(state, event);
  const [role = state.role, ...commands] = (row && TABLE[row][ROLES.indexOf(state.role)]) ?? stay;
  return { state: { ...learned(state, event), role }, commands, stale: row === "earlier" };
}

function rowOf({ epoch, lock, servedAt }: OwnershipState, event: OwnershipEvent): Row | undefined {
  switch (event.type) {
    case "lost":
      return event.request === lock ? "stolen" : "missed";
    case "resumed":
      return event.request === lock ? "resumed" : undefined;
    case "watch": {
      // A clock that was set back must not silence the tab.
      const since = event.now - servedAt;
      return event.visible && !(since >= 0 && since < event.within) ? "watch" : undefined;
    }
    case "silent":
      return event.visible ? "silent" : "hidden";
    case "heard":
      if (!event.epoch) return undefined;
      if (isLater(event.epoch, epoch)) return "later";
      return event.asLeader && isLater(epoch, event.epoch) ? "earlier" : undefined;
    case "asked":
      if (event.runs) return "askedOwn";
      return event.epoch && isLater(epoch, event.epoch) ? "askedBefore" : "asked";
    default:
      return event.type;
  }
}

function learned(state: OwnershipState, event: OwnershipEvent): OwnershipState {
  switch (event.type) {
    case "granted": {
      const epoch = { at: Math.max(event.now, state.epoch.at + 1), by: state.tab };
      return { ...state, lock: event.request, epoch };
    }
    case "heard":
      return event.epoch && isLater(event.epoch, state.epoch) ? { ...state, epoch: event.epoch } : state;
    case "alive":
      return { ...state, servedAt: event.now };
    default:
      return state;
  }
}
