import type { Outcome, Task, ToolResult } from "holdfast";
import { element } from "./element.ts";
import { questionForm } from "./question.ts";

/** One task in the list. It follows the task by itself, and keeps what is being typed into a question. */
export function taskCard(task: Task, server: string, forget: () => void): HTMLLIElement {
  const status = element("span", { className: "status" });
  const age = element("span", { className: "meta" });
  const message = element("p", { className: "message" });
  const trouble = element("p", { className: "trouble", hidden: true });
  const questions = element("div");
  const result = element("pre", { className: "result", hidden: true });
  const actions = element("div", { className: "actions" });
  const card = element(
    "li",
    {},
    element("div", { className: "heading" }, element("strong", { textContent: task.tool }), status, age),
    element("div", { className: "meta", textContent: `${server} · ${JSON.stringify(task.arguments)}` }),
    message,
    trouble,
    questions,
    result,
    actions,
  );
  card.dataset.task = task.id;

  const cancel = action("Cancel task", () => task.cancel());
  const remove = action("Remove", async () => forget());
  let asked = "";
  const show = (): void => {
    const { current } = task;
    status.textContent = word(current.outcome) ?? current.status;
    status.dataset.status = status.textContent;
    message.textContent = say(task);
    message.hidden = message.textContent === "";
    trouble.hidden = current.trouble === undefined;
    trouble.textContent = current.trouble ? `${current.trouble.fault.message}. It will be tried again.` : "";
    const keys = current.inputRequests.map(({ key }) => key).join("\n");
    if (keys !== asked)
      questions.replaceChildren(...current.inputRequests.map((request) => questionForm(task, request)));
    asked = keys;
    const { outcome } = current;
    result.hidden = outcome?.kind !== "completed";
    // A long result is not in the list: it is fetched when it is shown.
    if (outcome?.kind === "completed") {
      task.result().then(
        (given) => {
          result.textContent = resultText(given);
        },
        (error: unknown) => {
          result.textContent = String(error);
        },
      );
    }
    actions.replaceChildren(current.outcome ? remove : cancel);
    cancel.disabled = current.cancelling;
  };
  const tick = (): void => {
    age.textContent = ` ${duration(Date.now() - task.createdAt)} ago`;
  };
  task.subscribe(show);
  show();
  tick();
  setInterval(tick, 1000);
  return card;
}

function action(text: string, act: () => Promise<void>): HTMLButtonElement {
  const made = element("button", { type: "button", textContent: text });
  made.addEventListener("click", () => {
    made.disabled = true;
    act().catch((error: unknown) => {
      made.disabled = false;
      made.title = String(error);
    });
  });
  return made;
}

function word(outcome: Outcome | undefined): string | undefined {
  return outcome?.kind === "completed" && outcome.result.isError ? "tool error" : outcome?.kind;
}

function say({ current }: Task): string {
  const { outcome } = current;
  switch (outcome?.kind) {
    case undefined:
      if (current.cancelling) return "Asking the server to stop…";
      return current.progress?.message ?? current.snapshot?.statusMessage ?? "";
    case "completed":
      return "";
    case "failed":
      return outcome.error.message;
    case "cancelled":
      return outcome.confirmed ? "" : "The server never confirmed it.";
    case "expired":
    case "lost":
      return outcome.detail;
  }
}

function resultText({ content, structuredContent }: ToolResult): string {
  const texts = content.map((block) => (typeof block.text === "string" ? block.text : `[${block.type}]`));
  if (structuredContent !== undefined) texts.push(JSON.stringify(structuredContent, undefined, 2));
  return texts.join("\n");
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
