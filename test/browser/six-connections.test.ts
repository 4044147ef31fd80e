import { afterAll, beforeAll, expect, test } from "vitest";
import { RELATED_TASK } from "../../src/protocol/session.ts";
import { bundled } from "../bundle/bundled.ts";
import { type Answers, BareServer, DONE, type Exchange, wireTask } from "../sdk/bare-server.ts";
import { testBrowser } from "./test-browser.ts";

/** A page of an app: Chromium gives it six connections to a host over HTTP/1.1. */
interface AppPage {
  readonly tasks: { readonly status: string; readonly inputRequests: readonly { readonly key: string }[] }[];
  start(connector: string, url: string, tasks: number): Promise<void>;
  answerAll(): Promise<void>;
}
declare const app: AppPage;

const SOURCE = `
  import { TaskClient, timerHost } from "./src/index.ts";
  import { memoryStore } from "./src/store/memory.ts";
  import { fromUrl as v1 } from "./src/channel/sdk-v1.ts";
  import { fromUrl as v2 } from "./src/channel/sdk-v2.ts";
  const connectors = { v1, v2 };
  const tasks = [];
  globalThis.app = {
    tasks,
    async start(connector, url, count) {
      const endpoints = { lab: connectors[connector](url) };
      const client = new TaskClient({ store: memoryStore(), endpoints, host: timerHost() });
      await Promise.all(Array.from({ length: count }, async () => tasks.push(await client.callTool("lab", "slow"))));
    },
    answerAll: () => Promise.all(tasks.flatMap((task) =>
      task.inputRequests.map(({ key }) => task.answer(key, { action: "accept", content: {} })))),
  };`;

const HTML = '<!doctype html><title>app</title><link rel="icon" href="data:,">';

const at = testBrowser();
let code: string;
let server: BareServer | undefined;

beforeAll(async () => {
  code = (await bundled(SOURCE, "browser")).code;
});
afterAll(() => server?.close());

async function page(generation: "2025-11-25" | "2026-07-28", answers: Answers) {
  server?.close();
  const current = await BareServer.start(generation, answers);
  server = current;
  // For the page alone: a test may take what comes after it.
  current.intercept = ({ http, response }) => {
    if (http.url !== "/") return false;
    response.writeHead(200, { "content-type": "text/html" }).end(HTML);
    return true;
  };
  const opened = await at.browser.open(`${current.origin}/`);
  await opened.addScriptTag({ content: code, type: "module" });
  await opened.waitForFunction(() => "app" in globalThis);
  return { opened, current };
}

test.each([
  ["v1", "2025-11-25"],
  ["v2", "2025-11-25"],
  ["v2", "2026-07-28"],
] as const)(
  "%s, %s: replies on streams that the server leaves open do not use up the page's connections",
  async (connector, generation) => {
    let polls = 0;
    const task = (status: string): object => ({
      ...wireTask("task-1", status),
      ...(status === "completed" && { result: DONE }),
    });
    const { opened, current } = await page(generation, {
      "tools/call": () =>
        generation === "2025-11-25"
          ? { task: wireTask("task-1", "working") }
          : { resultType: "task", ...wireTask("task-1", "working") },
      "tasks/get": ({ id, stream }) => {
        stream({ id, result: { resultType: "complete", ...task(++polls < 12 ? "working" : "completed") } });
        return undefined;
      },
      "tasks/result": () => DONE,
    });
    await opened.evaluate(([name, url]) => app.start(name, url, 1), [connector, current.url] as const);
    await opened.waitForFunction(() => app.tasks[0]?.status === "completed");
    expect(polls).toBe(12);
  },
);

test.each(["v1", "v2"])(
  "%s, 2025-11-25: ten tasks that ask leave connections for their answers",
  async (connector) => {
    const ended = new Set<string>();
    let count = 0;
    const taskOf = ({ params }: Exchange): string => String(params.taskId);
    const { opened, current } = await page("2025-11-25", {
      "tools/call": () => ({ task: wireTask(`task-${++count}`, "working") }),
      "tasks/get": (exchange) =>
        wireTask(taskOf(exchange), ended.has(taskOf(exchange)) ? "completed" : "input_required"),
      "tasks/result": (exchange) => {
        const taskId = taskOf(exchange);
        if (ended.has(taskId)) return DONE;
        const params = { message: "?", requestedSchema: { type: "object", properties: {} } };
        const _meta = { [RELATED_TASK]: { taskId } };
        exchange.stream({
          id: `${taskId}/question`,
          method: "elicitation/create",
          params: { ...params, _meta },
        });
        return undefined;
      },
    });
    current.intercept = ({ body, response }) => {
      const answered = /"id":"([^/]+)\/question"/.exec(body)?.[1];
      if (answered !== undefined) {
        ended.add(answered);
        response.writeHead(202).end();
      }
      return answered !== undefined;
    };
    await opened.evaluate(([name, url]) => app.start(name, url, 10), [connector, current.url] as const);
    await opened.waitForFunction(() => app.tasks.every((task) => task.inputRequests.length === 1));
    await opened.evaluate(() => app.answerAll());
    await opened.waitForFunction(() => app.tasks.every((task) => task.status === "completed"));
    expect(ended.size).toBe(10);
  },
);
