import { expect, test } from "vitest";
import { mayBeMade, shownNames } from "../../../worker/gateway/tool-names.ts";

test("a server's tools keep their names, but for those of the companions", () => {
  const shown = shownNames("papers", ["acquire.paper", "check_task", "papers_check_task", "list_tasks"]);
  expect(Object.fromEntries(shown)).toEqual({
    "acquire.paper": "acquire.paper",
    check_task: "papers_papers_check_task",
    papers_check_task: "papers_check_task",
    list_tasks: "papers_list_tasks",
  });
});

test("only a name that may have been made is looked up", () => {
  expect(mayBeMade("papers", "papers_list_tasks")).toBe(true);
  expect(mayBeMade("papers", "papers_papers_check_task")).toBe(true);
  expect(mayBeMade("papers", "list_tasks")).toBe(false);
  expect(mayBeMade("papers", "acquire.paper")).toBe(false);
});
