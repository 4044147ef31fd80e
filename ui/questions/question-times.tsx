import type { InputRequest, TaskView } from "holdfast";
import { roughly } from "../app/duration.ts";
import { useNow } from "../app/now.ts";
import { useStory } from "../history/history-context.ts";
import { questionKey } from "../history/seen.ts";

/** Since when a question is asked, as far as this browser saw it, and until when the server waits for the answer. */
export function QuestionTimes({
  view,
  request,
}: {
  readonly view: TaskView;
  readonly request: InputRequest;
}) {
  const now = useNow();
  const asked = useStory(view.id).moments.find(({ key }) => key === questionKey(request.key))?.at;
  const until = answerableUntil(view);
  return (
    <span className="question-times">
      {asked !== undefined && (
        <time dateTime={new Date(asked).toISOString()} title={new Date(asked).toLocaleString()}>
          Asked {roughly(now - asked)} ago
        </time>
      )}
      {asked !== undefined && " · "}
      {until === undefined ? (
        "no time limit"
      ) : until <= now ? (
        "its time is over"
      ) : (
        <time dateTime={new Date(until).toISOString()} title={new Date(until).toLocaleString()}>
          {roughly(until - now)} left to answer
        </time>
      )}
    </span>
  );
}

/** When the server may delete the task that asks, in ms since 1970. Undefined if it named no time to live. */
function answerableUntil({ snapshot, acceptedAt, createdAt }: TaskView): number | undefined {
  const ttl = snapshot?.ttlMs ?? undefined;
  return ttl === undefined ? undefined : (acceptedAt ?? createdAt) + ttl;
}
