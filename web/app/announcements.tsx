import type { TaskView } from "holdfast";
import { useEffect, useState } from "react";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { askedIn } from "../../ui/questions/asked.ts";
import { lineOf, statusOf } from "../../ui/tasks/task-words.ts";
import { followNews } from "./news.ts";

/** How long news are gathered, in ms: a screen reader that is interrupted reads none to its end. */
const GATHER_MS = 500;
/** More at once are counted, not read. */
const MOST_READ = 3;
const LONGEST = 150;

/** Announces each question and each end to screen readers, whichever view is open. */
export function Announcements() {
  const { client } = useWorkspace();
  const [said, setSaid] = useState({ text: "", nth: 0 });
  useEffect(() => {
    let news: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = (line: string): void => {
      news.push(line.slice(0, LONGEST));
      timer ??= setTimeout(() => {
        const text = news.length > MOST_READ ? `${news.length} tasks ended or ask` : news.join(". ");
        setSaid(({ nth }) => ({ text, nth: nth + 1 }));
        [news, timer] = [[], undefined];
      }, GATHER_MS);
    };
    const leave = followNews(client, {
      asked: ({ tool }, request) => say(`${tool} asks: ${askedIn(request)}`),
      ended: (view) => say(endOf(view)),
    });
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, [client]);
  return (
    <div className="unseen" role="status">
      {/* The same text once more is read once more. */}
      <p key={said.nth}>{said.text}</p>
    </div>
  );
}

function endOf(view: TaskView): string {
  const rest = lineOf(view);
  return `${view.tool}: ${statusOf(view)}${rest && `. ${rest}`}`;
}
