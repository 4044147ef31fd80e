import { beforeEach, describe, expect, it } from "vitest";
import { aiSdkNews } from "../../../src/agent/ai-sdk.ts";
import { anthropicNews } from "../../../src/agent/anthropic.ts";
import { Conversation } from "../../../src/agent/conversation.ts";
import { openAiChatNews, openAiNews } from "../../../src/agent/openai.ts";
import { inboxOf } from "../../../src/inbox/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { settledRecord, T0 } from "../../fixtures/records.ts";
import { type AgentLab, executing, withTools } from "./agent-lab.ts";

let clock: FakeClock;
let store: TaskStore;

beforeEach(() => {
  clock = new FakeClock(T0);
  store = { ...memoryStore(), scope: "app" };
});

interface ConversationLab extends AgentLab {
  readonly conversation: Conversation;
}

async function lab(labOf: typeof lab2026 = lab2026): Promise<ConversationLab> {
  const parts = labOf({ store, clock });
  const conversation = new Conversation(parts.client, { id: "chat", clock, leaseMs: 60_000 });
  return { ...(await withTools(parts, { conversation, budgetMs: 10_000 })), conversation };
}

const ended = (id: string, fields: object = {}) => settledRecord({ id, addressees: ["chat"], ...fields });

describe("the tools of a conversation", () => {
  it("an end after the budget is news, and one within it is not", async () => {
    const { tool, server, conversation } = await lab();
    const running = await executing(tool("report"), {});
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    await clock.advance(10_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
    const { structuredContent } = await running.result;
    expect(structuredContent).toMatchObject({ status: "working" });
    expect((await conversation.news()).ended).toEqual([]);
    const checking = await executing(tool("check_task"), {
      task: (structuredContent as { readonly task: string }).task,
    });
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect((await checking.result).isError).not.toBe(true);
    expect((await conversation.news()).ended, "check_task returned it").toEqual([]);
  });

  it("a plain call that was answered leaves nothing in the store", async () => {
    const { client, tool, server, conversation } = await lab(lab2025);
    const call = await executing(tool("plain"), {});
    await (await server.expect("tools/call")).reply(wire2025.toolResult);
    expect(await call.result).toEqual(wire2025.toolResult);
    expect(await client.list()).toEqual([]);
    expect(await store.deliveries?.load()).toEqual([]);
    expect((await conversation.news()).ended).toEqual([]);
  });

  it("a plain call whose process died before it was answered is news: its outcome cannot be known", async () => {
    const before = await lab(lab2025);
    await executing(before.tool("plain"), {});
    await before.server.expect("tools/call");
    await before.client.close();
    const after = await lab(lab2025);
    await after.client.resume();
    await settled();
    const [news] = (await after.conversation.news()).ended;
    expect(news?.result).toMatchObject({ isError: true, structuredContent: { status: "lost" } });
  });
});

describe("news()", () => {
  it("has results and failures by age, leaves out questions, and comes again after the lease", async () => {
    await store.save(ended("b", { createdAt: T0 + 2, outcome: { kind: "expired", detail: "Too late" } }));
    await store.save(ended("a", { createdAt: T0 + 1 }));
    const { conversation } = await lab();
    const news = await conversation.news();
    expect(news.ended.map(({ task }) => task.id)).toEqual(["a", "b"]);
    expect(news.ended[1]?.result).toMatchObject({ isError: true, structuredContent: { status: "expired" } });
    expect((await conversation.news()).ended).toEqual([]);
    await clock.advance(60_000);
    const again = await conversation.news();
    expect(again.ended).toHaveLength(2);
    await again.acknowledge();
    await clock.advance(60_000);
    expect((await conversation.news()).ended).toEqual([]);
  });
});

describe("watch()", () => {
  it("calls back for what ended before, for each end, and again while a turn does not acknowledge", async () => {
    await store.save(ended("a"));
    const { client, server, conversation } = await lab();
    const calls: number[] = [];
    const stop = conversation.watch(() => calls.push(clock.now() - T0));
    await settled();
    expect(calls).toEqual([0]);
    await (await conversation.news()).acknowledge();
    await clock.advance(60_000);
    expect(calls.length, "one look more, at what is left").toBe(1);
    const task = await client.start("lab", "report", {}, { notify: ["chat"] });
    await (await server.expect("tools/call")).reply(wire2026.toolResult);
    await settled();
    expect(calls).toHaveLength(2);
    await clock.advance(60_000);
    expect(calls).toHaveLength(3);
    stop();
    await inboxOf(client, { clock }).notify(task, "other");
    await clock.advance(200_000);
    expect(calls).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });
});

describe("the adapters", () => {
  const news = {
    ended: [
      {
        task: { id: "t-1", tool: "draw", endpoint: "studio" } as never,
        result: { content: [{ type: "image", data: "aGk=", mimeType: "image/png" }] },
      },
    ],
    acknowledge: async () => undefined,
  };
  const head = [
    "This message is from the application, not from the user. Tasks that you started have ended:",
    '[task t-1 has ended] draw on "studio" returned:',
  ];

  it("give an image in the form of each API", () => {
    const texts = head.map((text) => ({ type: "text", text }));
    expect(aiSdkNews([], news)).toEqual([
      { role: "user", content: [...texts, { type: "file", mediaType: "image/png", data: "aGk=" }] },
    ]);
    const source = { type: "base64", media_type: "image/png", data: "aGk=" };
    expect(anthropicNews([], news)).toEqual([
      { role: "user", content: [...texts, { type: "image", source }] },
    ]);
    expect(openAiNews([], news)).toEqual([
      {
        type: "message",
        role: "user",
        content: [
          ...head.map((text) => ({ type: "input_text", text })),
          { type: "input_image", image_url: "data:image/png;base64,aGk=", detail: "auto" },
        ],
      },
    ]);
    expect(openAiChatNews([], news)).toEqual([
      { role: "user", content: [...head, "[image/png, 4 characters of base64]"].join("\n\n") },
    ]);
  });

  it("add it to a last message of the user, where roles must alternate, and never twice", () => {
    const [message, ...more] = anthropicNews([{ role: "user", content: "And?" }], news);
    expect(more).toEqual([]);
    expect(message?.content[0]).toEqual({ type: "text", text: "And?" });
    const all = anthropicNews([{ role: "user", content: "And?" }], news);
    expect(anthropicNews(all, news)).toEqual(all);
    for (const add of [aiSdkNews, openAiNews, openAiChatNews]) {
      const once = add([], news);
      expect(add(JSON.parse(JSON.stringify(once)), news)).toEqual(once);
    }
  });
});
