import type { Clock } from "../clock.ts";
import type { Alarm } from "./alarm.ts";
import { type Problem, storageProblem } from "./problem.ts";
import type { TaskRuntime } from "./task-runtime.ts";
import { TimerLoop } from "./timer-loop.ts";

/** How long a step waits for a question that `tasks/result` was opened for, in ms. */
const QUESTION_MS = 5_000;

interface StepperSetting {
  readonly clock: Clock;
  /** Wakes this process when it has been evicted; without it, timers do. */
  readonly alarm: Alarm | undefined;
  readonly requestTimeoutMs: number;
  readonly report: (problem: Problem) => void;
}

/** Has the runtime step when something is due: by a timer, by an alarm, or by both. */
export class Stepper {
  readonly #setting: StepperSetting;
  readonly #runtime: TaskRuntime;
  readonly #loop: TimerLoop;
  #stepping = false;

  constructor(setting: StepperSetting, runtime: TaskRuntime) {
    this.#setting = setting;
    this.#runtime = runtime;
    this.#loop = new TimerLoop(setting.clock, (now) => runtime.step(now));
  }

  /** Does what is due, and what comes due meanwhile, until nothing is in flight; then sets the alarm. */
  async step(): Promise<void> {
    const { clock } = this.#setting;
    this.#stepping = true;
    try {
      do {
        const next = this.#runtime.step(clock.now());
        let cancel = (): void => undefined;
        const due = new Promise<void>((resolve) => {
          if (next < Number.POSITIVE_INFINITY) cancel = clock.after(Math.max(0, next - clock.now()), resolve);
        });
        await Promise.race([this.#runtime.quiet(QUESTION_MS), due]);
        cancel();
      } while (this.#runtime.busy);
    } finally {
      this.#stepping = false;
      await this.#arm();
    }
  }

  /** The time of the next step may have changed. */
  rescheduled(): void {
    const { alarm } = this.#setting;
    if (!alarm || alarm.besideTimers) this.#loop.wake(this.#runtime.nextStep());
    if (alarm && !this.#stepping) void this.#arm();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** While a reply is waited for, the process may be evicted before it comes: then the alarm is there to find it so. */
  async #arm(): Promise<void> {
    const { alarm, clock, requestTimeoutMs, report } = this.#setting;
    const overdue = this.#runtime.expecting
      ? clock.now() + requestTimeoutMs + QUESTION_MS
      : Number.POSITIVE_INFINITY;
    const at = Math.min(this.#runtime.nextStep(), overdue);
    if (at === Number.POSITIVE_INFINITY) return;
    await alarm?.set(at).catch((error: unknown) => {
      report(storageProblem("The alarm could not be set", error));
    });
  }
}
