import { describe, expect, it } from "vitest";
import { messageText, type TaskNotice } from "../../../worker/push/task-notice.ts";

const NOTICE: TaskNotice = {
  ...{ task: "papers.0.a/b", endpoint: "papers", tool: "acquire_paper", kind: "completed" },
  addressees: ["phone"],
};
const CONTEXT = { label: "The Kelp Library", open: "https://app.example/#/tasks/{task}" };
const read = (notice: TaskNotice) => JSON.parse(messageText(notice, CONTEXT));

describe("messageText()", () => {
  it("returns a declarative push message with the names of the tool and of the endpoint, and nothing else", () => {
    expect(read(NOTICE)).toEqual({
      web_push: 8030,
      notification: {
        title: "acquire_paper has completed",
        body: "The Kelp Library",
        lang: "en",
        dir: "auto",
        navigate: "https://app.example/#/tasks/papers.0.a%2Fb",
        tag: "papers.0.a/b",
        data: { task: "papers.0.a/b", endpoint: "papers", kind: "completed" },
      },
    });
  });

  it("shows a detail after the endpoint", () => {
    expect(read({ ...NOTICE, detail: "42 pages" }).notification.body).toBe("The Kelp Library: 42 pages");
  });

  it.each([
    ["control and bidirectional characters", "a\u0000b\u202Ec\u2066d\r\n\te", "a b c d e"],
    ["a long name", "x".repeat(500), `${"x".repeat(79)}…`],
    ["a surrogate pair at the end", `${"x".repeat(78)}😀😀`, `${"x".repeat(78)}…`],
  ])("makes one short line of %s", (_name, tool, shown) => {
    expect(read({ ...NOTICE, tool }).notification.title).toBe(`${shown} has completed`);
  });

  it("fits into one push message whatever the names are", () => {
    const wide = "日".repeat(10_000);
    const open = `https://app.example/${"x".repeat(1_000)}{task}`;
    const text = messageText({ ...NOTICE, tool: wide, detail: wide }, { label: wide, open });
    expect(new TextEncoder().encode(text).length).toBeLessThan(3_993);
  });
});
