import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { type JSONRPCMessage, ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import { fromTransport, type Transport } from "../../../src/channel/transport-connector.ts";
import { TaskClient } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { LegacyServer } from "../../sdk/legacy-server.ts";

/** The recipe in CONTRIBUTING.md: a transport over a MessagePort, as between a page and a frame or a worker. */
class PortTransport implements Transport {
  onmessage?: (message: object) => void;
  onclose?: () => void;
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  async start(): Promise<void> {
    this.#port.addEventListener("message", ({ data }) => this.onmessage?.(data));
    this.#port.addEventListener("close", () => this.onclose?.());
    this.#port.start();
  }

  async send(message: object): Promise<void> {
    this.#port.postMessage(message);
  }

  async close(): Promise<void> {
    this.#port.close();
  }
}

const clients: TaskClient[] = [];
const legacy = new LegacyServer();
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  legacy.close();
});

/** A real server of SDK v1 behind a port. Returns the other port. */
async function served(server: {
  connect(transport: InMemoryTransport): Promise<void>;
}): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  const [outside, inside] = InMemoryTransport.createLinkedPair();
  outside.onmessage = (message) => port1.postMessage(message);
  port1.addEventListener("message", ({ data }) => void outside.send(data as JSONRPCMessage));
  port1.addEventListener("close", () => void outside.close());
  port1.start();
  await server.connect(inside);
  await outside.start();
  return port2;
}

function clientOf(open: () => Transport | Promise<Transport>): TaskClient {
  const endpoints = { lab: fromTransport(open, { label: "the port" }) };
  const client = new TaskClient({ store: memoryStore(), endpoints, timing: { minPollMs: 1 } });
  clients.push(client);
  return client;
}

function plainServer(): McpServer {
  const server = new McpServer({ name: "port-server", version: "1.0.0" });
  server.registerTool("greet", {}, async () => ({ content: [{ type: "text", text: "hello" }] }));
  return server;
}

describe("fromTransport()", () => {
  it("runs a task over a transport of one's own, to its result", async () => {
    const client = clientOf(async () => new PortTransport(await served(legacy.newServer())));
    const task = await client.callTool("lab", "report");
    expect(task.view).toMatchObject({ status: "working", asTask: true });
    await legacy.finish(String(task.view.taskId), "The report");
    expect(await task.result()).toMatchObject({ content: [{ type: "text", text: "The report" }] });
  });

  it("makes a plain call", async () => {
    const client = clientOf(async () => new PortTransport(await served(plainServer())));
    const task = await client.callTool("lab", "greet");
    expect(await task.result()).toMatchObject({ content: [{ type: "text", text: "hello" }] });
  });

  it("opens a new transport, with a new handshake, after the last one closed", async () => {
    let opened = 0;
    const transports: PortTransport[] = [];
    const client = clientOf(async () => {
      opened++;
      const transport = new PortTransport(await served(plainServer()));
      transports.push(transport);
      return transport;
    });
    await client.callTool("lab", "greet");
    await transports[0]?.close();
    await expect.poll(async () => (await client.callTool("lab", "greet")).view.status).toBe("completed");
    expect(opened).toBe(2);
  });

  it("reports what `open` throws as a failure to reach the server, by its label", async () => {
    const client = clientOf(() => {
      throw new Error("The frame is gone");
    });
    await expect(client.listTools("lab")).rejects.toThrow(/the port.*The frame is gone/);
  });

  it("answers a ping, and refuses a server's request that belongs to no task, so that the server does not wait", async () => {
    const { server } = plainServer();
    const client = clientOf(async () => new PortTransport(await served(server)));
    await client.session("lab");
    expect(await server.ping()).toEqual({});
    const asking = server.request({ method: "roots/list" }, ResultSchema);
    await expect(asking).rejects.toThrow("roots/list belongs to no call or task of this client");
  });
});
