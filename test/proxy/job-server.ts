// A local server of jobs on stdio, without Tasks, in front of a service that keeps them: the file is the service. What the file
// says outlives this process. Run it as `node job-server.ts <file>`; `{"looks":0}` in the file ends every job.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Jobs, SHAPES } from "../fixtures/job-servers.ts";

const [, , file = ""] = process.argv;
const server = new Server({ name: "jobs", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: SHAPES.flatMap(({ tools }) => tools) }));
server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: args = {} } }) => {
  const jobs = new Jobs();
  Object.assign(jobs, existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { looks: 1_000_000 });
  const shape = SHAPES.find(({ tools }) => tools.some((tool) => tool.name === name));
  const result = shape?.call(jobs, name, args) ?? {
    content: [{ type: "text", text: `No tool ${name}` }],
    isError: true,
  };
  writeFileSync(file, JSON.stringify({ all: jobs.all, looks: jobs.looks }));
  return result;
});
await server.connect(new StdioServerTransport());
