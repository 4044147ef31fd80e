import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connected, DataFolder, EVERYTHING, holdfast, type ProxiedClient } from "./proxied-client.ts";

const COMPANIONS = ["check_task", "answer_task", "cancel_task", "list_tasks"];
const ROOTS = [{ uri: "file:///work/project", name: "project" }];

/** What a server has asked and said of its own accord. */
interface Received {
  readonly asked: unknown[];
  readonly logged: string[];
  readonly updated: string[];
}

const folder = new DataFolder();
let bare: ProxiedClient & Received;
let proxied: ProxiedClient & Received;

async function everything(command: readonly string[]): Promise<ProxiedClient & Received> {
  const received: Received = { asked: [], logged: [], updated: [] };
  const prepare = (client: Client): void => {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      received.asked.push(params);
      return params.mode === "url"
        ? { action: "decline" }
        : { action: "accept", content: { name: "Ada", check: true, color: "red" } };
    });
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
      received.asked.push(params);
      return { role: "assistant", model: "test", content: { type: "text", text: "sampled" } };
    });
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: ROOTS }));
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      received.logged.push(params.level);
    });
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      received.updated.push(params.uri);
    });
  };
  const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };
  return { ...(await connected(command, folder, { capabilities, prepare })), ...received };
}

beforeAll(async () => {
  [bare, proxied] = await Promise.all([everything(EVERYTHING), everything(holdfast("--", ...EVERYTHING))]);
});

afterAll(async () => {
  await Promise.all([bare?.client.close(), proxied?.client.close()]);
  folder.remove();
});

/** The same question to both. */
async function both<T>(ask: (side: ProxiedClient & Received) => Promise<T>): Promise<readonly [T, T]> {
  return Promise.all([ask(bare), ask(proxied)]);
}

async function equal(ask: (side: ProxiedClient & Received) => Promise<unknown>): Promise<void> {
  const [without, through] = await both(ask);
  expect(through).toEqual(without);
}

describe("Through the proxy server-everything is the server it is without", () => {
  test("its name, version, instructions and capabilities are its own", async () => {
    await equal(async ({ client }) => client.getServerVersion());
    await equal(async ({ client }) => client.getInstructions());
    await equal(async ({ client }) => client.getServerCapabilities());
  });

  test("its tools have all their fields, but for what a running result needs", async () => {
    // Tools that depend on the client's capabilities are registered a moment after the handshake.
    await expect
      .poll(async () => (await bare.client.listTools()).tools.map(({ name }) => name))
      .toContain("trigger-sampling-request");
    const [without, through] = await both(async ({ client }) => (await client.listTools()).tools);
    const own = through.filter(({ name }) => !COMPANIONS.includes(name));
    expect(through.slice(own.length).map(({ name }) => name)).toEqual(COMPANIONS);
    const shared = ({ execution: _execution, outputSchema: _output, ...tool }: (typeof own)[number]) => tool;
    expect(own.map(shared)).toEqual(without.map(shared));
    expect(own.map(({ execution }) => execution?.taskSupport)).toEqual(own.map(() => "optional"));
    for (const { name, outputSchema } of without) {
      if (!outputSchema) continue;
      const { $schema, ...schema } = outputSchema;
      expect(own.find((tool) => tool.name === name)?.outputSchema).toMatchObject({
        type: "object",
        anyOf: [schema, { title: "Running task" }],
      });
    }
  });

  test.each([
    ["echo", { message: "hello" }],
    ["get-sum", { a: 2, b: 3 }],
    ["get-annotated-message", { messageType: "error", includeImage: true }],
    ["get-resource-links", { count: 3 }],
    ["get-resource-reference", { resourceType: "Text", resourceId: 1 }],
    ["get-structured-content", { location: "New York" }],
    ["get-tiny-image", {}],
    ["get-roots-list", {}],
    ["get-sum", { a: "no number" }],
    ["no-such-tool", {}],
  ])("%s %j has the same result", async (name, args) => {
    await equal(async ({ client }) =>
      client.callTool({ name, arguments: args }).catch((error: Error) => ({
        message: error.message,
        code: (error as Error & { code?: number }).code,
      })),
    );
  });

  test("its resources, templates and prompts are listed and read alike", async () => {
    await equal(({ client }) => client.listResources());
    await equal(({ client }) => client.listResourceTemplates());
    await equal(({ client }) => client.listPrompts());
    await equal(async ({ client }) => {
      const [first] = (await client.listResources()).resources;
      return client.readResource({ uri: first?.uri ?? "" });
    });
    await equal(({ client }) => client.getPrompt({ name: "simple-prompt" }));
    await equal(({ client }) => client.getPrompt({ name: "args-prompt", arguments: { city: "Oslo" } }));
    await equal(({ client }) =>
      client.readResource({ uri: "demo://nothing" }).catch((error: Error) => error.message),
    );
  });

  test("its completions are the same", async () => {
    await equal(({ client }) =>
      client.complete({
        ref: { type: "ref/prompt", name: "completable-prompt" },
        argument: { name: "department", value: "E" },
      }),
    );
    await equal(({ client }) =>
      client.complete({
        ref: { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" },
        argument: { name: "resourceId", value: "1" },
      }),
    );
  });

  test("its questions, and what it samples, reach the agent, and the answers reach it", async () => {
    const call =
      (name: string, args: Record<string, unknown> = {}) =>
      async ({ client, asked }: ProxiedClient & Received) => {
        asked.length = 0;
        const result = await client.callTool({ name, arguments: args });
        return { result, asked: asked.map(withoutIds) };
      };
    await equal(call("trigger-elicitation-request"));
    await equal(call("trigger-sampling-request", { prompt: "Say something", maxTokens: 10 }));
    expect(proxied.asked).toHaveLength(1);
  });

  test("progress comes with the agent's own token, each step of it", async () => {
    const [without, through] = await both(async ({ client }) => {
      const seen: unknown[] = [];
      await client.callTool(
        { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 4 } },
        undefined,
        {
          onprogress: (progress) => seen.push(progress),
        },
      );
      return seen;
    });
    // The last one comes in the same moment as the result, after which the SDK's client may or may not look at it.
    expect(through.slice(0, 3)).toEqual(without.slice(0, 3));
    expect(through.length).toBeGreaterThanOrEqual(3);
  });

  test("updates of subscribed resources arrive, and log messages come at the level that was set", async () => {
    const uri = "demo://resource/dynamic/text/1";
    await equal(({ client }) => client.subscribeResource({ uri }));
    await equal(({ client }) => client.setLoggingLevel("debug"));
    await equal(({ client }) => client.callTool({ name: "toggle-subscriber-updates", arguments: {} }));
    await equal(({ client }) => client.callTool({ name: "toggle-simulated-logging", arguments: {} }));
    await expect.poll(() => proxied.updated).toContain(uri);
    await expect.poll(() => proxied.logged.length).toBeGreaterThan(0);
    await equal(({ client }) => client.unsubscribeResource({ uri }));
  });

  test("a change of a list is announced", async () => {
    const changed = new Promise<void>((resolve) => {
      proxied.client.fallbackNotificationHandler = async ({ method }) => {
        if (method === "notifications/resources/list_changed") resolve();
      };
    });
    await proxied.client.callTool({
      name: "gzip-file-as-resource",
      arguments: { name: "a.gz", data: "data:text/plain,hello", outputType: "resourceLink" },
    });
    await changed;
  });
});

/** Ids that the server makes anew for each request. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, entry: unknown) =>
      /elicitationId|progressToken/.test(key) ? undefined : entry,
    ),
  );
}
