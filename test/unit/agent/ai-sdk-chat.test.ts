import { describe, expect, it } from "vitest";
import {
  type AiSdkChatMessage,
  aiSdkChatNews,
  aiSdkChatTurn,
  isAiSdkChatNews,
} from "../../../src/agent/ai-sdk-chat.ts";
import type { EndedTask, News } from "../../../src/agent/conversation.ts";
import type { TaskView } from "../../../src/task-view.ts";

const ended = (id: string): EndedTask => ({
  task: { id, endpoint: "lab", tool: "report", arguments: { of: id } } as object as TaskView,
  result: { content: [{ type: "text", text: `Result of ${id}` }] },
});

const newsOf = (all: readonly EndedTask[], acknowledge = async (): Promise<void> => undefined): News => ({
  ended: all,
  asked: [],
  questions: () => [],
  size: all.length,
  acknowledge,
});

const user = (text: string): AiSdkChatMessage => ({ id: "u", role: "user", parts: [{ type: "text", text }] });
const assistant = (...parts: object[]): AiSdkChatMessage => ({ id: "a", role: "assistant", parts });
const start = { type: "step-start" };
const said = { type: "text", text: "It is running.", state: "done" };
/** As `useChat` has it: the output is there, and undefined. */
const called = (id: string, fields: object = {}) => ({
  type: "dynamic-tool",
  toolName: "report",
  toolCallId: `call-${id}`,
  state: "input-available",
  input: { of: id },
  output: undefined,
  ...fields,
});
const running = (id: string) =>
  called(id, { state: "output-available", output: { structuredContent: { task: id, status: "working" } } });

/** A chat whose model answers at once, and what was done in what order. */
function chatOf(stored: AiSdkChatMessage[], all: readonly EndedTask[]) {
  const done: string[] = [];
  const left = [...all];
  const lab = {
    done,
    stored,
    isFailing: false,
    conversation: {
      news: async (): Promise<News> => newsOf(left.splice(0)),
      stored: async (messages: readonly unknown[]) => {
        expect(messages).toBe(lab.stored);
        done.push("acknowledge");
      },
    },
    chat: {
      messages: stored,
      status: "ready",
      sendMessage: async () => {
        done.push("send");
        lab.chat.status = lab.isFailing ? "error" : "ready";
        if (!lab.isFailing) lab.chat.messages = [...lab.chat.messages, assistant(start, said)];
      },
    },
    turn: async (): Promise<void> => undefined,
  };
  lab.turn = aiSdkChatTurn(lab.conversation, lab.chat, {
    load: () => lab.stored,
    save: (messages) => {
      done.push("save");
      lab.stored = messages;
    },
  });
  return lab;
}

describe("aiSdkChatTurn()", () => {
  it("stores the news, has the model go on, stores its answer, then acknowledges", async () => {
    const lab = chatOf([user("Go"), assistant(start, running("t1"), start, said)], [ended("t1")]);
    await lab.turn();
    expect(lab.done).toEqual(["save", "send", "save", "acknowledge"]);
    expect(lab.stored.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(lab.stored.map(isAiSdkChatNews)).toEqual([false, false, true, false]);
    await lab.turn();
    expect(lab.done, "nothing is new").toHaveLength(4);
  });

  it("does not send again what a tab stored and had answered before it was closed", async () => {
    const before = chatOf([user("Go"), assistant(start, running("t1"), start, said)], [ended("t1")]);
    await before.turn();
    const lab = chatOf(before.stored, [ended("t1")]);
    await lab.turn();
    expect(lab.done).toEqual(["save", "save", "acknowledge"]);
    expect(lab.stored).toEqual(before.stored);
  });

  it("waits for the turn of the user, and keeps the news that it has leased", async () => {
    const lab = chatOf([user("Go"), assistant(start, running("t1"))], [ended("t1")]);
    const turning = lab.turn();
    lab.chat.status = "streaming";
    await turning;
    expect(lab.done).toEqual([]);
    lab.chat.status = "ready";
    await lab.turn();
    expect(lab.done).toEqual(["save", "send", "save", "acknowledge"]);
  });

  it("does not acknowledge a turn that failed, and the next call repeats it", async () => {
    const lab = chatOf([user("Go"), assistant(start, running("t1"))], [ended("t1")]);
    lab.isFailing = true;
    await lab.turn();
    expect(lab.done).toEqual(["save", "send"]);
    lab.isFailing = false;
    await lab.turn();
    expect(lab.done.slice(2)).toEqual(["save", "send", "save", "acknowledge"]);
  });

  it("takes one turn for calls that overlap, and goes on after one that rejects", async () => {
    const lab = chatOf([user("Go"), assistant(start, running("t1"))], [ended("t1")]);
    const { news } = lab.conversation;
    lab.conversation.news = () => Promise.reject(new Error("No store"));
    await expect(lab.turn()).rejects.toThrow("No store");
    lab.conversation.news = news;
    await Promise.all([lab.turn(), lab.turn(), lab.turn()]);
    expect(lab.done.filter((step) => step === "send")).toHaveLength(1);
  });

  it("does not send a step of which another call has no output yet", async () => {
    const lab = chatOf([user("Go"), assistant(start, called("t1"), called("t2"))], [ended("t1")]);
    await lab.turn();
    expect(lab.done).not.toContain("send");
    expect(lab.stored).toHaveLength(2);
    expect(lab.stored[1]?.parts[1]).toMatchObject({ state: "output-available" });
  });
});

describe("aiSdkChatNews()", () => {
  it("fills a check_task whose page is gone with a reference to the result", () => {
    const check = called("t1", { toolName: "check_task", input: { task: "t1" } });
    const messages = [user("Go"), assistant(start, running("t1"), start, check)];
    const all = aiSdkChatNews(messages, newsOf([ended("t1")]));
    expect(all, "no message beside: the model has not gone on").toHaveLength(2);
    const [, call, , checked] = (all[1]?.parts ?? []) as { readonly output: unknown }[];
    expect(JSON.stringify(call?.output)).toContain("Result of t1");
    expect(JSON.stringify(checked)).toContain("the result is above");
    expect(JSON.stringify(all).split("Result of t1")).toHaveLength(2);
  });

  it("fills a check_task with the result where the call itself is not in the messages", () => {
    const check = called("t1", { toolName: "check_task", input: { task: "t1" } });
    const all = aiSdkChatNews([assistant(start, check)], newsOf([ended("t1")]));
    expect(JSON.stringify(all)).toContain("Result of t1");
    expect(all).toHaveLength(1);
  });
});
