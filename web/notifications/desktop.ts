import type { TaskView } from "holdfast";
import { useEffect, useRef, useState } from "react";
import { type FocusTarget, wishFocus } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import type { OpenQuestion } from "../../ui/clients/hooks.ts";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { askedIn } from "../../ui/questions/asked.ts";
import { argumentsLineOf, lineOf, statusOf } from "../../ui/tasks/task-words.ts";
import { followNews } from "../app/news.ts";

export type Permission = NotificationPermission | "unsupported";

const LONGEST_BODY = 200;

/** Shows a desktop notification for each new question and each task that ends, if the user allowed it and the page does not have the focus. */
export function useDesktopNotifications(questions: readonly OpenQuestion[]): {
  readonly permission: Permission;
  readonly ask: () => void;
} {
  const [permission, setPermission] = useState<Permission>(() =>
    "Notification" in globalThis ? Notification.permission : "unsupported",
  );
  const notified = useRef(new Set<string>());
  const { client } = useWorkspace();
  const mayNotify = permission === "granted";
  useEffect(() => {
    for (const { task, request } of questions) {
      const tag = `${task.id} ${request.key}`;
      if (notified.current.has(tag)) continue;
      notified.current.add(tag);
      if (mayNotify) notify("question", task.view, tag, `${task.view.tool} asks`, askedIn(request));
    }
  }, [questions, mayNotify]);
  useEffect(() => {
    if (!mayNotify) return;
    return followNews(client, {
      ended(view) {
        // The person who cancelled a task knows that it ended.
        if (view.outcome?.kind !== "cancelled")
          notify("task", view, `${view.id} ended`, `${view.tool}: ${statusOf(view)}`, endOf(view));
      },
    });
  }, [client, mayNotify]);
  return {
    permission,
    ask: () => void Notification.requestPermission().then(setPermission),
  };
}

function endOf(view: TaskView): string {
  return [argumentsLineOf(view), lineOf(view)].filter(Boolean).join("\n");
}

/** @param tag The same in all tabs: the browser shows the same notification once. */
function notify(target: FocusTarget, { id }: TaskView, tag: string, title: string, text: string): void {
  if (document.hasFocus()) return;
  try {
    const notification = new Notification(title, {
      tag,
      body: text.slice(0, LONGEST_BODY),
      icon: "/holdfast.svg",
    });
    notification.onclick = () => {
      window.focus();
      wishFocus(target, id);
      goTo("tasks", id);
      notification.close();
    };
  } catch {
    // Some phones have the interface and refuse to make one.
  }
}
