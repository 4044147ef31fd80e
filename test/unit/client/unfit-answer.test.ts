import { describe, expect, it } from "vitest";
import { InputError, type Task } from "../../../src/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { type Lab, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

interface Asking extends Lab {
  readonly task: Task;
  readonly key: string;
  /** What has reached the server as an answer. */
  answers(): Promise<readonly unknown[]>;
}

const requestedSchema = {
  type: "object",
  properties: { edition: { type: "string", minLength: 3 }, copies: { type: "integer", default: 1 } },
  required: ["edition"],
} as const;
const params = { mode: "form", message: "Which edition?", requestedSchema } as const;
const unfit: JsonObject = { action: "accept", content: { edition: "x" } };
const fit: JsonObject = { action: "accept", content: { edition: "evening" } };
/** With the default filled in. */
const sent = { action: "accept", content: { edition: "evening", copies: 1 } };

/** A task that asks, as a 2026-07-28 server has it. */
async function askedIn2026(): Promise<Asking> {
  const lab = lab2026();
  const calling = lab.client.callTool("lab", "plain");
  await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
  const task = await calling;
  await lab.clock.advance(5_000);
  const inputRequests = { edition: { method: "elicitation/create", params } };
  const asking = wire2026.getTaskResult({ ...wire2026.inputRequired, inputRequests });
  await (await lab.server.expect("tasks/get")).reply(asking);
  const answers = async (): Promise<readonly unknown[]> => {
    await settled();
    return lab.server.arrivals.flatMap(({ method, params }) =>
      method === "tasks/update" ? [(params.inputResponses as JsonObject).edition] : [],
    );
  };
  return { ...lab, task, key: "edition", answers };
}

/** The same, as a 2025-11-25 server asks it: on the stream of `tasks/result`. */
async function askedIn2025(): Promise<Asking> {
  const lab = lab2025();
  const calling = lab.client.callTool("lab", "report");
  await (await lab.server.expect("tools/call")).reply(wire2025.createTaskResult);
  const task = await calling;
  await lab.clock.advance(5_000);
  await (await lab.server.expect("tasks/get")).reply(wire2025.inputRequired);
  await lab.server.expect("tasks/result");
  lab.server.send({ ...wire2025.elicitRequest, params: { ...params, _meta: wire2025.RELATED } });
  await settled();
  const answers = async (): Promise<readonly unknown[]> => {
    await settled();
    return lab.server.responses.map(({ result: { _meta, ...result } }) => result);
  };
  return { ...lab, task, key: task.view.inputRequests[0]?.key ?? "", answers };
}

/** Before there is a task: the server asks in its reply to the call (2026-07-28). */
async function askedBeforeTheTask(): Promise<Asking> {
  const lab = lab2026();
  const calling = lab.client.callTool("lab", "plain");
  const inputRequests = { edition: { method: "elicitation/create", params } };
  const reply = { resultType: "input_required", inputRequests, requestState: "opaque" };
  await (await lab.server.expect("tools/call")).reply(reply);
  const answers = async (): Promise<readonly unknown[]> => {
    await settled();
    return lab.server.arrivals.flatMap(({ method, params }) =>
      method === "tools/call" ? [(params.inputResponses as JsonObject).edition] : [],
    );
  };
  return { ...lab, task: await calling, key: "edition", answers };
}

describe.each([
  ["of a 2026-07-28 task", askedIn2026],
  ["of a 2025-11-25 task", askedIn2025],
  ["put before there is a task", askedBeforeTheTask],
])("a question %s", (_name, ask) => {
  it("is not answered by what does not fit it: an InputError says why, and nothing is sent", async () => {
    const { task, key, answers, store } = await ask();
    const before = await store.load(task.id);
    const { id, endpoint, tool } = task.view;
    await expect(task.answer(key, unfit)).rejects.toMatchObject({
      constructor: InputError,
      key,
      task: { id, endpoint, tool },
      message: expect.stringContaining("edition must have at least 3 characters"),
    });
    expect(await answers()).toEqual([]);
    expect(await store.load(task.id), "nor is anything of it stored").toEqual(before);
  });

  it("stays open after such an answer, and takes the next one with its defaults", async () => {
    const { task, key, answers } = await ask();
    await expect(task.answer(key, unfit)).rejects.toBeInstanceOf(InputError);
    expect(task.view.inputRequests.map((question) => question.key)).toEqual([key]);
    expect(task.view.status).toBe("input_required");
    await task.answer(key, fit);
    expect(task.view.inputRequests).toEqual([]);
    expect(await answers()).toEqual([sent]);
  });

  it("is declined without what the form already held", async () => {
    const { task, key, answers } = await ask();
    await task.answer(key, { action: "decline", content: { edition: "x" } });
    expect(await answers()).toEqual([{ action: "decline" }]);
  });
});
