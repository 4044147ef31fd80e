import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

export { Client } from "@modelcontextprotocol/sdk/client/index.js";
export * from "./tasks.ts";

const [inside, outside] = InMemoryTransport.createLinkedPair();
await new McpServer({ name: "papers", version: "1.0.0" }).connect(inside);
export const transport = outside;
export { authProvider } from "./sign-in.ts";
