import { InMemoryTransport, McpServer } from "@modelcontextprotocol/server";

export { Client } from "@modelcontextprotocol/client";
export * from "./tasks.ts";

const [inside, outside] = InMemoryTransport.createLinkedPair();
await new McpServer({ name: "papers", version: "1.0.0" }).connect(inside);
export const transport = outside;
export { authProvider } from "./sign-in.ts";
