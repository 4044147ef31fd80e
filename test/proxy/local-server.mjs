// A small local server for tests of the process around it. What it does is said by its arguments.
// --pid-file <file>: appends its process id. --deaf: ends neither at the end of its input nor by SIGTERM.
// --helper <file>: starts a process of its own, whose id it appends. --noise: prints a line that is not JSON.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const option = (name) => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const deaf = process.argv.includes("--deaf");
const pidFile = option("--pid-file");
const helperFile = option("--helper");
if (pidFile) appendFileSync(pidFile, `${process.pid}\n`);
if (helperFile) {
  const helper = spawn(
    process.execPath,
    ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"],
    { stdio: "ignore" },
  );
  appendFileSync(helperFile, `${helper.pid}\n`);
}
if (process.argv.includes("--noise")) console.log("Starting up, please wait…");
if (process.argv.includes("--exit-at-start")) process.exit(3);
if (deaf) {
  process.on("SIGTERM", () => undefined);
  setInterval(() => undefined, 1_000);
}
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const tool = (name, annotations) => ({
  name,
  inputSchema: { type: "object" },
  ...(annotations && { annotations }),
});
let effects = 0;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    if (method === "initialize") {
      const capabilities = {
        tools: {},
        logging: {},
        experimental: { told: params.capabilities, by: params.clientInfo },
      };
      return send({
        id,
        result: {
          protocolVersion: params.protocolVersion,
          serverInfo: { name: "local", version: "1" },
          capabilities,
        },
      });
    }
    if (method === "tools/list") {
      const tools = [
        tool("crash"),
        tool("sleep"),
        tool("count"),
        tool("meta"),
        tool("list_tasks"),
        tool("looks", { readOnlyHint: true }),
      ];
      return send({ id, result: { tools } });
    }
    if (method !== "tools/call") return send({ id, error: { code: -32601, message: "Method not found" } });
    const answer = (text) => send({ id, result: { content: [{ type: "text", text }] } });
    switch (params.name) {
      case "crash":
        return process.exit(7);
      case "sleep":
        effects++;
        return void setTimeout(() => answer(`slept ${effects}`), params.arguments.ms);
      case "count":
        return answer(String(effects));
      case "meta":
        return answer(JSON.stringify(params._meta));
      default:
        return answer(`the server's own ${params.name}`);
    }
  })
  .on("close", () => {
    if (!deaf) process.exit(0);
  });
