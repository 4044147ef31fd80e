import type { TaskView } from "holdfast";
import type { Server } from "../servers/server.ts";

/** A call as a shell command for the worker's HTTP API. The token is the person's to fill in. */
export function curlOf({ endpoint, tool, arguments: args }: TaskView, origin: string): string {
  const body = JSON.stringify({ tool, arguments: args });
  return [
    `curl -X POST '${origin}/v1/endpoints/${encodeURIComponent(endpoint)}/calls'`,
    `  -H "authorization: Bearer $HOLDFAST_TOKEN"`,
    "  -H 'content-type: application/json'",
    // A single quote ends a quoted text of the shell: it is written outside of one.
    `  -d '${body.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n");
}

/** A call as code of the library, which follows it to its result. */
export function codeOf(task: TaskView, server: Server, origin: string): string {
  const { endpoint, tool, arguments: args } = task;
  const [name, lines] = server.mode === "edge" ? remote(endpoint, origin) : local(server.url ?? "");
  return [
    ...lines,
    `const task = await tasks.callTool(${JSON.stringify(name)}, ${JSON.stringify(tool)}, ${JSON.stringify(args, undefined, 2)});`,
    "console.log(await task.result());",
    "",
  ].join("\n");
}

type Client = readonly [endpoint: string, lines: readonly string[]];

function remote(endpoint: string, origin: string): Client {
  return [
    endpoint,
    [
      'import { RemoteTaskClient } from "holdfast/remote";',
      "",
      `const tasks = new RemoteTaskClient({ url: ${JSON.stringify(origin)}, token: process.env.HOLDFAST_TOKEN });`,
    ],
  ];
}

function local(url: string): Client {
  return [
    "server",
    [
      'import { TaskClient } from "holdfast";',
      'import { fromUrl } from "holdfast/http";',
      'import { indexedDbStore } from "holdfast/indexeddb";',
      "",
      `const endpoints = { server: fromUrl(${JSON.stringify(url)}) };`,
      "const tasks = new TaskClient({ store: indexedDbStore(), endpoints });",
    ],
  ];
}
