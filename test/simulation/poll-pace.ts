import { DEFAULT_TIMING } from "../../src/engine/schedule.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";
import type { Agenda } from "./agenda.ts";
import type { Tab } from "./tab.ts";

interface Pace {
  /** The last poll, whose reply alone counts: those before it were given up. */
  poll: RequestId | undefined;
  /** A poll whose reply may no longer be wanted: it can make the next one no later. */
  doubtful: RequestId | undefined;
  /** As the server last asked; replies and notifications may overtake each other. */
  intervalMs: number;
  updatedAt: number;
  /** As the first reading says. */
  createdAt: unknown;
  /** A later reading says otherwise: it may be of another task, and its stamp need not count. Nor need it be without force. */
  moved: boolean;
  /** A notification came while the poll was in flight: the poll's reply counts only if it is not older. */
  overtaken: boolean;
  /** The poll left right after a notification: if it was decided before, that notification overtook it. Either interval counts. */
  maybeOvertaken: boolean;
  /** When the last notification came. */
  notifiedAt: number;
  /** When the last reading of the task came by a poll or by the reply to the call. */
  readAt: number;
  /** Before then the server has asked not to be polled. */
  notBefore: number;
  /** A request that leaves before this time was decided before the server's reply, and waited for its write. */
  heldFrom: number;
  /** Until then no request about the task may be sent: the server replied with `Retry-After`. */
  heldUntil: number;
  /** One early poll is allowed. */
  excused: boolean;
}

/** What a message says of a task, as far as it concerns the pace of the polls. */
export interface PacedReading {
  readonly intervalMs: number | undefined;
  readonly createdAt: unknown;
  /** In ms since 1970. */
  readonly updatedAt: number;
  readonly over: boolean;
}

/** How long a write can take that a request waits for once it is decided, in ms. */
const DECIDED_MS = 1_000;
/** The longest `Retry-After` of a simulated server, in ms. */
const LONGEST_HOLD_MS = 30_000;
/** A poll may leave this much before its time: rounding, in ms. */
const TOLERANCE_MS = 1;

/**
 * How often each tab polls each task. The interval counts from the arrival of the tab's last reading,
 * with which the server gave it. A poll must not leave earlier, nor, after a poll that failed, before
 * half of the first backoff step. A tab may poll early once:
 * - when it has no reading of its own since it opened, or since it came to lead: what it knows may be hours old;
 * - when an answer or a cancel went through, or the app gave one: what the server says next is news;
 * - when the task is over and only its payload is missing (2026-07-28), or its payload is there and no message has said that it is over;
 * - when the app says that the network is back;
 * - when its session was lost: a poll discovers this, and is made again;
 * - when the computer's clock was set, by which pauses are measured.
 * Only the last exception applies to a backoff after `Retry-After`.
 */
export class PollPace {
  readonly #agenda: Agenda;
  readonly #paces: Map<Tab, Map<string, Pace>> = new Map();
  /** By task: since when the backoff that the server asked for is on disk, and until when it lasts. */
  readonly #durableHolds: Map<string, { readonly since: number; readonly until: number }> = new Map();
  /** When each tab's engine last began anew with the tasks of each endpoint. */
  readonly #begun: Map<Tab, Map<string, number>> = new Map();

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** Returns what is wrong with a poll of this task leaving now, undefined if nothing is. */
  polls(tab: Tab, taskId: string, id: RequestId | undefined): string | undefined {
    const pace = this.#paceOf(tab, taskId);
    pace.poll = id;
    pace.overtaken = false;
    // It may have waited for a write.
    pace.maybeOvertaken = this.#agenda.now - pace.notifiedAt < DECIDED_MS;
    const early = pace.notBefore - TOLERANCE_MS - this.#agenda.now;
    if (early > 0 && !pace.excused) return `${tab.name} polls ${taskId} ${early} ms too early`;
    pace.excused = false;
    // Whatever the interval was: should this poll fail, it is made again after a backoff.
    pace.notBefore = this.#agenda.now + DEFAULT_TIMING.backoffMs / 2;
    return undefined;
  }

  /** Returns what is wrong with any request about this task leaving now, undefined if nothing is. */
  sends(tab: Tab, taskId: string): string | undefined {
    const { heldFrom = 0, heldUntil = 0 } = this.#paces.get(tab)?.get(taskId) ?? {};
    const durable = this.#durableHolds.get(taskId);
    const begun = this.#begun.get(tab)?.get(endpointOf(taskId)) ?? 0;
    const inherited = durable && begun > durable.since ? durable.until : 0;
    const until = Math.max(this.#agenda.now >= heldFrom ? heldUntil : 0, inherited);
    const early = until - TOLERANCE_MS - this.#agenda.now;
    return early > 0 ? `${tab.name} sends about ${taskId} ${early} ms before Retry-After allows` : undefined;
  }

  /** Whether the reply to this poll is one the tab still wants. */
  awaits(tab: Tab, taskId: string, id: RequestId | undefined): boolean {
    return id !== undefined && this.#paces.get(tab)?.get(taskId)?.poll === id;
  }

  /** The tab no longer waits for the reply to this request, and ignores it if it comes. */
  givenUp(tab: Tab, id: unknown): void {
    for (const pace of this.#paces.get(tab)?.values() ?? []) {
      if (pace.poll === id) this.#doubt(pace);
    }
  }

  /** A reading came, and says how long to wait until the next. */
  read(tab: Tab, taskId: string, { intervalMs, createdAt, updatedAt, over }: PacedReading): void {
    const pace = this.#paceOf(tab, taskId);
    pace.createdAt ??= createdAt;
    pace.moved ||= createdAt !== pace.createdAt;
    pace.readAt = this.#agenda.now;
    // Any reply is later than the one before, whatever the clock of its node says.
    const isOlder = updatedAt < pace.updatedAt;
    const before = pace.intervalMs;
    if (!pace.overtaken || !isOlder) take(pace, intervalMs, updatedAt);
    const least = pace.maybeOvertaken && isOlder ? Math.min(before, pace.intervalMs) : pace.intervalMs;
    const notBefore = this.#agenda.now + least;
    const doubtful = pace.poll !== undefined && pace.poll === pace.doubtful;
    pace.notBefore = doubtful ? Math.min(pace.notBefore, notBefore) : notBefore;
    // The notification may have said that the task is over without its outcome.
    pace.excused = over || (pace.overtaken && pace.excused);
    pace.overtaken = false;
  }

  /** A notification changes the interval, which counts from the last reading all the same. */
  notified(tab: Tab, taskId: string, { intervalMs, updatedAt, over }: PacedReading): void {
    const pace = this.#paces.get(tab)?.get(taskId);
    // Before the reply to the call a tab does not know which task a notification is about; a tab that polls does.
    if (!pace || (!pace.readAt && pace.poll === undefined)) return;
    // That the task is over is news whatever the clock says.
    if (over || !(updatedAt < pace.updatedAt)) {
      const least = pace.moved ? Math.min(pace.intervalMs, intervalMs ?? pace.intervalMs) : intervalMs;
      take(pace, least, updatedAt);
      pace.overtaken = true;
      pace.notifiedAt = this.#agenda.now;
    } else if (pace.moved && intervalMs !== undefined) {
      pace.notBefore = Math.min(pace.notBefore, pace.readAt + bounded(intervalMs));
    }
    if (pace.readAt) pace.notBefore = Math.min(pace.notBefore, pace.readAt + pace.intervalMs);
    pace.excused ||= over;
  }

  failed(tab: Tab, taskId: string): void {
    const pace = this.#paceOf(tab, taskId);
    pace.notBefore = this.#agenda.now + DEFAULT_TIMING.backoffMs / 2;
  }

  held(tab: Tab, taskId: string, ms: number): void {
    const pace = this.#paceOf(tab, taskId);
    pace.heldFrom = this.#agenda.now + DECIDED_MS;
    pace.heldUntil = Math.max(pace.heldUntil, this.#agenda.now + ms);
  }

  /** The backoff is durable: a tab that adopts or resumes the task after this keeps it as well. @param until By the clock. */
  heldOnDisk(taskId: string, until: number): void {
    const { now, wall } = this.#agenda;
    // The clock was set back between the demand and its write.
    if (until - wall > LONGEST_HOLD_MS) return;
    this.#durableHolds.set(taskId, { since: now, until: now + until - wall });
  }

  /** The tab may have released the task, and with it the backoff that the server asked for. */
  released(tab: Tab, taskId: string): void {
    const pace = this.#paces.get(tab)?.get(taskId);
    if (!pace) return;
    pace.heldUntil = 0;
    this.#doubt(pace);
  }

  /** Another tab was faster: the interval of that tab's reading counts, and it is unknown here. */
  #doubt(pace: Pace): void {
    pace.doubtful = pace.poll;
    pace.notBefore = Math.min(pace.notBefore, this.#agenda.now + DEFAULT_TIMING.minPollMs);
  }

  /** Something went through, or the app acted, in whatever tab. */
  excuse(taskId: string): void {
    for (const paces of this.#paces.values()) {
      const pace = paces.get(taskId);
      if (pace) pace.excused = true;
    }
  }

  /** Intervals and backoffs of an earlier task with this id no longer apply. */
  begins(taskId: string): void {
    for (const paces of this.#paces.values()) paces.delete(taskId);
    this.#durableHolds.delete(taskId);
  }

  /** The app says that the network is back: faults are then not waited out. */
  nudged(tab: Tab): void {
    for (const pace of this.#paces.get(tab)?.values() ?? []) pace.excused = true;
  }

  /** The tab's engine begins anew with the tasks of an endpoint. */
  forget(tab: Tab, endpoint: string): void {
    const paces = this.#paces.get(tab) ?? new Map<string, Pace>();
    for (const taskId of paces.keys()) if (endpointOf(taskId) === endpoint) paces.delete(taskId);
    const begun = this.#begun.get(tab) ?? new Map<string, number>();
    this.#begun.set(tab, begun.set(endpoint, this.#agenda.now));
  }

  clockWasSet(): void {
    this.#paces.clear();
    this.#durableHolds.clear();
  }

  #paceOf(tab: Tab, taskId: string): Pace {
    const paces = this.#paces.get(tab) ?? new Map<string, Pace>();
    this.#paces.set(tab, paces);
    const pace = paces.get(taskId) ?? {
      poll: undefined,
      doubtful: undefined,
      intervalMs: DEFAULT_TIMING.minPollMs,
      updatedAt: 0,
      createdAt: undefined,
      moved: false,
      overtaken: false,
      maybeOvertaken: false,
      notifiedAt: Number.NEGATIVE_INFINITY,
      readAt: 0,
      notBefore: 0,
      heldFrom: 0,
      heldUntil: 0,
      excused: false,
    };
    paces.set(taskId, pace);
    return pace;
  }
}

/** The model servers name their tasks after themselves: `legacy-3`. */
function endpointOf(taskId: string): string {
  // The id of a job begins with the name of its pair.
  return taskId.slice(taskId.indexOf("/") + 1, taskId.lastIndexOf("-"));
}

/** The interval of a reading. What it leaves out stays as it was. */
function take(pace: Pace, intervalMs: number | undefined, updatedAt: number): void {
  if (!Number.isNaN(updatedAt)) pace.updatedAt = updatedAt;
  if (intervalMs === undefined) return;
  pace.intervalMs = bounded(intervalMs);
}

/** An interval within the bounds of the library. */
function bounded(intervalMs: number): number {
  return Math.min(Math.max(intervalMs, DEFAULT_TIMING.minPollMs), DEFAULT_TIMING.maxPollMs);
}
