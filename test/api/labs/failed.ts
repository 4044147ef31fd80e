import { server, tasks } from "./tasks.ts";

export * from "./tasks.ts";

server.tool("refuse", {
  taskSupport: "forbidden",
  script: () => {
    throw new Error("It is not here");
  },
});
export const task = await tasks.start("papers", "refuse");
await task.result().catch(() => undefined);
