import { type KeyboardEvent, type ToggleEvent, useEffect, useId, useRef } from "react";
import { wishFocus } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import { useInputRequests } from "../../ui/clients/hooks.ts";
import { Button } from "../../ui/controls/button.tsx";
import { askedIn } from "../../ui/questions/asked.ts";
import { useDesktopNotifications } from "../notifications/desktop.ts";
import "./question-badge.css";

/** How many questions wait for an answer, over all tasks, and the way to each. */
export function QuestionBadge() {
  const questions = useInputRequests();
  const { permission, ask } = useDesktopNotifications(questions);
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const count = questions.length;
  useEffect(() => {
    document.title = count > 0 ? `(${count}) Holdfast` : "Holdfast";
  }, [count]);
  const choose = (act: () => void): void => {
    menu.current?.hidePopover();
    act();
  };
  return (
    <>
      <Button
        variant="default"
        size="small"
        className="question-badge"
        data-asking={count > 0}
        aria-haspopup="menu"
        aria-label={count === 1 ? "1 question" : `${count} questions`}
        popoverTarget={id}
      >
        <span aria-hidden="true">
          <Bubble /> <span className="question-count">{count}</span>
        </span>
      </Button>
      <div
        id={id}
        ref={menu}
        popover="auto"
        role="menu"
        aria-label="Questions"
        tabIndex={-1}
        className="question-menu"
        onToggle={takeFocus}
        onKeyDown={moveFocus}
      >
        <p className="quiet">{count === 0 ? "No task asks a question" : "Waiting for an answer"}</p>
        {questions.map(({ task, request }) => (
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            key={`${task.id} ${request.key}`}
            onClick={() =>
              choose(() => {
                wishFocus("question", task.id);
                goTo("tasks", task.id);
              })
            }
          >
            <strong>
              <bdi>{task.view.tool}</bdi>
            </strong>
            <bdi className="quiet">{askedIn(request)}</bdi>
          </button>
        ))}
        {count > 1 && (
          <button type="button" role="menuitem" tabIndex={-1} onClick={() => choose(() => goTo("questions"))}>
            All questions in one view
          </button>
        )}
        {permission === "default" && (
          <button type="button" role="menuitem" tabIndex={-1} onClick={() => choose(ask)}>
            Notify me on the desktop
          </button>
        )}
        {permission === "denied" && (
          <p className="quiet">This browser blocks desktop notifications for this page</p>
        )}
        {permission === "granted" && (
          <p className="quiet">Questions and ends are also shown on the desktop</p>
        )}
      </div>
    </>
  );
}

function Bubble() {
  return (
    <svg
      viewBox="0 0 16 16"
      width="14"
      height="14"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      aria-hidden="true"
    >
      <path d="M2 3h12v8H7l-3 3v-3H2z" strokeLinejoin="round" />
    </svg>
  );
}

/** The browser places a popover in the middle of the page, and leaves the focus on the button. */
function takeFocus({ currentTarget: menu, newState }: ToggleEvent<HTMLElement>): void {
  if (newState !== "open") return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  menu.style.top = `${(button?.getBoundingClientRect().bottom ?? 0) + 4}px`;
  (itemsOf(menu)[0] ?? menu).focus();
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const items = itemsOf(event.currentTarget);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}

function itemsOf(menu: HTMLElement): readonly HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')];
}
