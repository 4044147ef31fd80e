import type { Clock } from "../clock.ts";
import type { Alarm } from "./alarm.ts";
import { type Problem, storageProblem } from "./problem.ts";
import type { TaskRuntime } from "./task-runtime.ts";
import { createTimerLoop } from "./timer-loop.ts";

/** How long a step waits for a question that `tasks/result` was opened for, in ms. */
const QUESTION_MS = 5_000;

interface StepperSetting {
  readonly clock: Clock;
  /** Wakes this process when it has been evicted; without it, timers do. */
  readonly alarm?: Alarm | undefined;
  readonly requestTimeoutMs: number;
  readonly report: (problem: Problem) => void;
}

/** Has the runtime step when something is due: by a timer, by an alarm, or by both. */
export interface Stepper {
  /** Does what is due, and what comes due meanwhile, until nothing is in flight; then sets the alarm. */
  step(): Promise<void>;
  /** The time of the next step may have changed. */
  rescheduled(): void;
  stop(): void;
}

export function createStepper(
  { clock, alarm, requestTimeoutMs, report }: StepperSetting,
  runtime: TaskRuntime,
): Stepper {
  const loop = createTimerLoop(clock, runtime.step);
  let stepping = false;

  /** While a reply is waited for, the process may be evicted before it comes: then the alarm is there to find it so. */
  async function arm(): Promise<void> {
    const overdue = runtime.expecting()
      ? clock.now() + requestTimeoutMs + QUESTION_MS
      : Number.POSITIVE_INFINITY;
    const at = Math.min(runtime.nextStep(), overdue);
    if (at === Number.POSITIVE_INFINITY) return;
    await alarm?.set(at).catch((error: unknown) => {
      report(storageProblem("The alarm could not be set", error));
    });
  }

  return {
    async step() {
      stepping = true;
      try {
        do {
          const next = runtime.step(clock.now());
          let cancel = (): void => undefined;
          const due = new Promise<void>((resolve) => {
            if (next < Number.POSITIVE_INFINITY)
              cancel = clock.after(Math.max(0, next - clock.now()), resolve);
          });
          await Promise.race([runtime.quiet(QUESTION_MS), due]);
          cancel();
        } while (runtime.busy());
      } finally {
        stepping = false;
        await arm();
      }
    },
    rescheduled() {
      if (!alarm || alarm.besideTimers) loop.wake(runtime.nextStep());
      if (alarm && !stepping) void arm();
    },
    stop: loop.stop,
  };
}
