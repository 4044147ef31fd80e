import { Button, Menu } from "@mantine/core";
import { useEffect } from "react";
import { wishFocus } from "../../ui/app/focus-wish.ts";
import { goTo } from "../../ui/app/route.ts";
import { useInputRequests } from "../../ui/clients/hooks.ts";
import { askedIn } from "../../ui/questions/asked.ts";
import { useDesktopNotifications } from "./notifications.ts";

/** How many questions wait for an answer, over all tasks, and the way to each. */
export function QuestionBadge() {
  const questions = useInputRequests();
  const { permission, ask } = useDesktopNotifications(questions);
  const count = questions.length;
  useEffect(() => {
    document.title = count > 0 ? `(${count}) Holdfast` : "Holdfast";
  }, [count]);
  return (
    <Menu
      position="bottom-end"
      width={320}
      shadow="md"
      withinPortal={false}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          className="question-badge"
          data-asking={count > 0}
          aria-label={count === 1 ? "1 question" : `${count} questions`}
        >
          <span aria-hidden="true">
            ? <span className="question-count">{count}</span>
          </span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown className="question-menu">
        <Menu.Label>{count === 0 ? "No task asks a question" : "Waiting for an answer"}</Menu.Label>
        {questions.map(({ task, request }) => (
          <Menu.Item
            key={`${task.id} ${request.key}`}
            onClick={() => {
              wishFocus("question", task.id);
              goTo("tasks", task.id);
            }}
          >
            <strong>
              <bdi>{task.view.tool}</bdi>
            </strong>
            <br />
            <bdi className="quiet">{askedIn(request)}</bdi>
          </Menu.Item>
        ))}
        {permission === "default" && <Menu.Item onClick={ask}>Notify me on the desktop</Menu.Item>}
        {permission === "denied" && (
          <Menu.Label>This browser blocks desktop notifications for this page</Menu.Label>
        )}
        {permission === "granted" && <Menu.Label>Questions are also shown on the desktop</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
