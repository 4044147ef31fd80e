import type { Clock } from "../clock.ts";
import type { Timing } from "../engine/schedule.ts";
import type { Alarm } from "../runtime/alarm.ts";
import type { OwnershipOf } from "../runtime/ownership.ts";
import type { Parts } from "../runtime/parts.ts";
import type { PushOf } from "../runtime/push.ts";

/**
 * What the place provides in which a client runs. Hosts are plain objects: `{ ...browserHost(), persistPlain: true }` is one, too.
 */
export interface Host extends Parts {
  readonly clock: Clock;
  /** Who runs the tasks: this process alone, or one of the tabs that share its store. */
  readonly ownership: OwnershipOf;
  /** Wakes the process after an eviction, by `TaskClient.step()`. Without it, or besides it, timers do. */
  readonly alarm?: Alarm;
  /** Has servers push changes. Absent where no connection may be held between polls. */
  readonly push?: PushOf;
  /** How many polls may be in flight at once. */
  readonly maxConcurrentPolls: number;
  /**
   * Persist plain calls with their results, for a process whose caller may be gone when they end. Otherwise a plain call is
   * persisted only once its server has asked something.
   */
  readonly persistPlain: boolean;
  /** When polls fall due, where many processes poll, or one process after the other. */
  readonly timing?: Pick<Timing, "ticks" | "persistPace">;
  /** Calls back when the network is back. The function returned ends it. */
  readonly onOnline?: (callback: () => void) => () => void;
}
