import { useEffect, useRef, useState } from "react";
import { wishFocus } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import type { OpenQuestion } from "../../ui/clients/hooks.ts";

import { askedIn } from "../../ui/questions/asked.ts";

export type Permission = NotificationPermission | "unsupported";

/** Shows a desktop notification for each new question, if the user allowed it and the page does not have the focus. */
export function useDesktopNotifications(questions: readonly OpenQuestion[]): {
  readonly permission: Permission;
  readonly ask: () => void;
} {
  const [permission, setPermission] = useState<Permission>(() =>
    "Notification" in globalThis ? Notification.permission : "unsupported",
  );
  const notified = useRef(new Set<string>());
  useEffect(() => {
    for (const question of questions) {
      const tag = `${question.task.id} ${question.request.key}`;
      if (notified.current.has(tag)) continue;
      notified.current.add(tag);
      if (permission === "granted" && !document.hasFocus()) notify(question, tag);
    }
  }, [questions, permission]);
  return {
    permission,
    ask: () => void Notification.requestPermission().then(setPermission),
  };
}

function notify({ task, request }: OpenQuestion, tag: string): void {
  const body = askedIn(request).slice(0, 200);
  try {
    // One tag for all tabs: the browser shows the same question once.
    const notification = new Notification(`${task.view.tool} asks`, { tag, body, icon: "/holdfast.svg" });
    notification.onclick = () => {
      window.focus();
      wishFocus("question", task.id);
      goTo("tasks", task.id);
      notification.close();
    };
  } catch {
    // Some phones have the interface and refuse to make one.
  }
}
