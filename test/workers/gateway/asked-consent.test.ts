import type { JsonObject } from "holdfast";
import { beforeEach, describe, expect, test } from "vitest";
import { answerOf, CONNECT, ConsentLab, type Message, messagesOf } from "./consent-lab.ts";

const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const URLS = { elicitation: { form: {}, url: {} } };
const FORMS = { elicitation: {} };
const CALL = { name: "whoami", arguments: {} };
const KEY = "holdfast-consent-4";
const REQUEST = { method: "elicitation/create", params: { mode: "url", url: CONNECT } };

let lab: ConsentLab;

beforeEach(() => {
  lab = new ConsentLab();
});

describe("a 2026-07-28 client that knows tasks and opens addresses", () => {
  const send = async (method: string, params: JsonObject): Promise<JsonObject> =>
    (await answerOf(await lab.modern(method, params, { ...TASKS, ...URLS }))).result ?? {};

  test("is asked for the person's consent before there is a task, and gets the task once it has answered", async () => {
    const asked = await send("tools/call", CALL);
    expect(asked).toMatchObject({ resultType: "input_required", inputRequests: { [KEY]: REQUEST } });
    const { requestState } = asked;
    const again = send("tools/call", {
      ...CALL,
      requestState,
      inputResponses: { [KEY]: { action: "accept" } },
    });
    await expect.poll(() => lab.answers).toEqual([["guarded", 4, false]]);
    lab.connect();
    const created = await again;
    expect(created.content ?? created.resultType).toEqual([{ type: "text", text: "Ada" }]);
  });

  test("finds the request in the task until it has answered it, and never under the same key again", async () => {
    const { requestState } = await send("tools/call", CALL);
    const taskId = String(requestState).replace("holdfast:", "");
    const asking = { status: "input_required", inputRequests: { [KEY]: REQUEST } };
    expect(await send("tasks/get", { taskId })).toMatchObject(asking);
    await send("tasks/update", { taskId, inputResponses: { [KEY]: { action: "accept" } } });
    const followed = await send("tasks/get", { taskId });
    expect(followed).toMatchObject({ status: "working" });
    expect(followed).not.toHaveProperty("inputRequests");
    lab.consent = { state: "ended", since: 1, round: 5 };
    expect(Object.keys((await send("tasks/get", { taskId })).inputRequests as object)).toEqual([
      "holdfast-consent-5",
    ]);
    lab.connect();
    expect(await send("tasks/get", { taskId })).toMatchObject({ status: "completed" });
  });

  test("reads what the person has to do in the status message once the person has declined", async () => {
    const { requestState } = await send("tools/call", CALL);
    const taskId = String(requestState).replace("holdfast:", "");
    await send("tasks/update", { taskId, inputResponses: { [KEY]: { action: "decline" } } });
    expect(lab.answers).toEqual([["guarded", 4, true]]);
    const shown = await send("tasks/get", { taskId });
    expect(shown).toMatchObject({ status: "working", statusMessage: expect.stringContaining(CONNECT) });
  });

  test("is notified by its subscription that the consent is missing, and of the result", async () => {
    lab.run();
    const { taskId } = await send("tools/call", CALL);
    const listen = { notifications: { taskIds: [String(taskId)] } };
    const reply = await lab.modern("subscriptions/listen", listen, { ...TASKS, ...URLS });
    const statuses: unknown[] = [];
    for await (const { method, params } of messagesOf(reply)) {
      if (method === "notifications/subscriptions/acknowledged") lab.lose();
      if (method !== "notifications/tasks") continue;
      statuses.push(params?.status);
      if (params?.status === "input_required") {
        expect(params.inputRequests).toMatchObject({ "holdfast-consent-6": REQUEST });
        lab.connect();
      }
      if (params?.status === "completed") break;
    }
    expect(statuses).toEqual(["input_required", "completed"]);
  });
});

describe("a 2026-07-28 client that knows tasks and opens no addresses", () => {
  test.each([
    ["without elicitation", {}],
    ["with forms alone", FORMS],
  ])("%s is not asked, and reads what the person has to do in the task", async (_what, abilities) => {
    const send = async (method: string, params: JsonObject): Promise<JsonObject> =>
      (await answerOf(await lab.modern(method, params, { ...TASKS, ...abilities }))).result ?? {};
    const created = await send("tools/call", CALL);
    const shown = { status: "working", statusMessage: expect.stringContaining(CONNECT) };
    expect(created).toMatchObject({ resultType: "task", ...shown });
    const task = await send("tasks/get", { taskId: String(created.taskId) });
    expect(task).toMatchObject(shown);
    expect(task).not.toHaveProperty("inputRequests");
  });
});

describe("a 2026-07-28 client without tasks", () => {
  const call = (params: JsonObject, abilities: JsonObject): Promise<Message> =>
    lab.modern("tools/call", { ...CALL, ...params }, abilities).then(answerOf);

  test("that opens addresses is asked, then held, and gets the result when the consent is there", async () => {
    const { result } = await call({}, URLS);
    expect(result).toMatchObject({ resultType: "input_required", inputRequests: { [KEY]: REQUEST } });
    const retry = {
      requestState: result?.requestState ?? "",
      inputResponses: { [KEY]: { action: "accept" } },
    };
    const held = call(retry, URLS);
    await expect.poll(() => lab.answers).toEqual([["guarded", 4, false]]);
    lab.connect();
    expect((await held).result?.content).toEqual([{ type: "text", text: "Ada" }]);
  });

  test.each([
    ["opens no addresses", {}, FORMS],
    ["has declined", { [KEY]: { action: "decline" } }, URLS],
  ])(
    "that %s gets a running result at once, with what the person has to do",
    async (_what, inputResponses, abilities) => {
      const first = await call({}, abilities);
      const requestState = first.result?.requestState;
      const { result } =
        requestState === undefined ? first : await call({ requestState, inputResponses }, abilities);
      expect(JSON.stringify(result?.content)).toContain(CONNECT);
      expect(result?.structuredContent).toMatchObject({ task: expect.stringMatching(/^guarded/) });
    },
  );
});

describe("a 2025-11-25 client", () => {
  const frame = { id: 7, method: "tools/call", params: CALL };

  test("that opens addresses is asked on the stream of its call, notified of the end, and gets the result there", async () => {
    const send = await lab.legacy(URLS);
    const seen: Message[] = [];
    for await (const message of messagesOf(await send(frame))) {
      seen.push(message);
      if (message.method !== "elicitation/create") continue;
      expect(message.params).toMatchObject({ ...REQUEST.params, elicitationId: message.id });
      await send({ id: message.id, result: { action: "accept" } });
      expect(lab.answers).toEqual([["guarded", 4, false]]);
      lab.connect();
    }
    const [asked, complete, answer] = seen;
    expect(complete).toMatchObject({
      method: "notifications/elicitation/complete",
      params: { elicitationId: asked?.id },
    });
    expect(answer?.result?.content).toEqual([{ type: "text", text: "Ada" }]);
    expect(seen).toHaveLength(3);
  });

  test("that opens no addresses gets a running result at once, with what the person has to do", async () => {
    const send = await lab.legacy(FORMS);
    const { result } = await answerOf(await send(frame));
    expect(JSON.stringify(result?.content)).toContain(CONNECT);
  });

  test("that calls with a task is asked by tasks/result, and sees that its task wants input", async () => {
    const send = await lab.legacy(URLS);
    const created = await answerOf(await send({ ...frame, params: { ...CALL, task: {} } }));
    const { taskId = "" } = (created.result?.task ?? {}) as { taskId?: string };
    const task = async (): Promise<JsonObject | undefined> =>
      (await answerOf(await send({ id: 8, method: "tasks/get", params: { taskId } }))).result;
    expect(await task()).toMatchObject({ status: "input_required" });
    const messages: (string | undefined)[] = [];
    for await (const { id, method } of messagesOf(
      await send({ id: 9, method: "tasks/result", params: { taskId } }),
    )) {
      messages.push(method);
      if (method !== "elicitation/create") continue;
      await send({ id, result: { action: "accept" } });
      expect(await task()).toMatchObject({ status: "working" });
      lab.connect();
    }
    expect(messages).toContain("notifications/elicitation/complete");
    expect(await task()).toMatchObject({ status: "completed" });
  });

  test("that calls with a task and opens no addresses reads what the person has to do in the status message", async () => {
    const send = await lab.legacy({});
    const created = await answerOf(await send({ ...frame, params: { ...CALL, task: {} } }));
    const { taskId = "" } = (created.result?.task ?? {}) as { taskId?: string };
    for (const [method, params] of [
      ["tasks/get", { taskId }],
      ["tasks/list", {}],
    ] as const) {
      const { result } = await answerOf(await send({ id: 8, method, params }));
      expect(JSON.stringify(result), method).toContain(CONNECT);
      expect(JSON.stringify(result), method).toContain('"status":"working"');
    }
  });

  test.each(["tools/list", "prompts/get"])(
    "gets the error that asks for the consent when %s needs it, if it opens addresses",
    async (method) => {
      const params = method === "prompts/get" ? { name: "cite" } : {};
      const refused = await answerOf(await (await lab.legacy(URLS))({ id: 8, method, params }));
      expect(refused.error).toMatchObject({
        code: -32042,
        data: { elicitations: [{ mode: "url", url: CONNECT, elicitationId: expect.any(String) }] },
      });
      const shown = await answerOf(await (await lab.legacy(FORMS))({ id: 8, method, params }));
      expect(shown.error).toMatchObject({ code: -32603, message: expect.stringContaining(CONNECT) });
    },
  );
});
