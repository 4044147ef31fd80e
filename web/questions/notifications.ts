import { useEffect, useRef, useState } from "react";
import { wishFocus } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import type { OpenQuestion } from "../../ui/clients/hooks.ts";

import { askedIn } from "../../ui/questions/asked.ts";

export type Permission = NotificationPermission | "unsupported";

/** Tells of new questions on the desktop, where a person allowed it and is not looking at the page anyway. */
export function useDesktopNotifications(questions: readonly OpenQuestion[]): {
  readonly permission: Permission;
  readonly ask: () => void;
} {
  const [permission, setPermission] = useState<Permission>(() =>
    "Notification" in globalThis ? Notification.permission : "unsupported",
  );
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const question of questions) {
      const tag = `${question.task.id} ${question.request.key}`;
      if (told.current.has(tag)) continue;
      told.current.add(tag);
      if (permission === "granted" && !document.hasFocus()) tell(question, tag);
    }
  }, [questions, permission]);
  return {
    permission,
    ask: () => void Notification.requestPermission().then(setPermission),
  };
}

function tell({ task, request }: OpenQuestion, tag: string): void {
  const body = askedIn(request).slice(0, 200);
  try {
    // One tag for all tabs: the same question is told once.
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
