import type { TaskView } from "holdfast";
import { useMemo } from "react";
import { clock, duration } from "../app/duration.ts";
import { useNow } from "../app/now.ts";
import { useTaskHandle } from "../clients/hooks.ts";
import { useStory } from "../history/history-context.ts";
import { type Moment, merged } from "../history/moment.ts";
import { seenNow } from "../history/seen.ts";
import { nextPollIn } from "../tasks/task-wait.ts";
import { phasesOf } from "./phases.ts";
import { marksOf } from "./scale.ts";

/** The moments of a task, drawn to scale and listed below. */
export function TimeLine({ shown }: { readonly shown: TaskView }) {
  const { moments: kept, polls = [] } = useStory(shown.id);
  const { outcome, settledAt, createdAt: start } = shown;
  const nextPollAt = useTaskHandle()(shown.id)?.nextPollAt;
  const now = useNow();
  const moments = useMemo(() => merged(kept, seenNow(shown, Date.now())), [kept, shown]);
  const last = moments.at(-1)?.at ?? start;
  // The clock ticks once a second, and what happened since is not to wait for it.
  const end = Math.max(outcome ? (settledAt ?? endedAt(moments) ?? last) : Math.max(now, last), start + 1);
  const span = end - start;
  const percent = (at: number): string => `${(100 * Math.max(0, Math.min(span, at - start))) / span}%`;
  // A page that looked later adds nothing to the life of a task that had ended.
  const lived = moments.filter(({ at, kind }) => kind === "ended" || at <= end);
  return (
    <section aria-labelledby="time-line-title" className="time-line">
      <div className="section-heading">
        <h3 id="time-line-title">Time line</h3>
        <span className="quiet">
          {outcome ? `took ${duration(span)}` : `so far${pollWait(nextPollAt, now)}`}
        </span>
      </div>
      <div className="time-track" aria-hidden="true">
        {phasesOf(lived, end).map(({ from, to, kind }) => (
          <span
            key={`${kind} ${from}`}
            className="time-phase"
            data-kind={kind}
            style={{ left: percent(from), width: `${(100 * (to - from)) / span}%` }}
          />
        ))}
        {polls
          .filter((at) => at <= end)
          .map((at) => (
            <span key={`poll ${at}`} className="time-poll" style={{ left: percent(at) }} />
          ))}
        {lived.map(({ key, at, kind, text }) => (
          <span
            key={key}
            className="time-moment"
            data-kind={kind}
            style={{ left: percent(at) }}
            title={text}
          />
        ))}
        {marksOf(span).map((mark) => (
          <span key={mark} className="time-mark" style={{ left: percent(start + mark) }}>
            {mark === 0 ? "0" : clock(mark)}
          </span>
        ))}
      </div>
      <ol className="time-moments">
        {lived.map((moment) => (
          <TimeMoment key={moment.key} moment={moment} start={start} />
        ))}
      </ol>
    </section>
  );
}

function pollWait(nextPollAt: number | undefined, now: number): string {
  const wait = nextPollIn(nextPollAt, now);
  return wait === undefined ? "" : `, next poll in ${wait}`;
}

function endedAt(moments: readonly Moment[]): number | undefined {
  return moments.findLast(({ kind }) => kind === "ended")?.at;
}

function TimeMoment({
  moment: { at, kind, text },
  start,
}: {
  readonly moment: Moment;
  readonly start: number;
}) {
  return (
    <li data-kind={kind}>
      <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
        +{clock(at - start)}
      </time>
      <bdi>{text}</bdi>
    </li>
  );
}
