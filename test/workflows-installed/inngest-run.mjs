import { serve } from "inngest/edge";
import { serveRoute } from "./webhook-route.mjs";

/*
 * Runs the recipe as Inngest's server does: it calls the SDK with the steps that are done, runs what it answers, and calls it again.
 * Prints what the function returned.
 */

const events = [];
const server = await serveRoute(async (request) => {
  // The event API, to which the SDK sends.
  if (!new URL(request.url).pathname.startsWith("/e/")) return taskSettled(request);
  const sent = [await request.json()].flat();
  events.push(...sent);
  return Response.json({ ids: sent.map(({ id }) => id), status: 200 });
});
Object.assign(process.env, {
  PUBLIC_URL: server.url,
  INNGEST_BASE_URL: server.url,
  INNGEST_EVENT_KEY: "test",
  INNGEST_DEV: "1",
});
const { inngest, readPaper, taskSettled } = await import("./read-paper.ts");
const handler = serve({ client: inngest, functions: [readPaper] });

const event = { id: "wanted", name: "paper/wanted", data: { doi: process.argv[2] }, ts: Date.now() };
const steps = {};
let result;
while (result === undefined) {
  for (const operation of await call()) {
    if (operation.op === "RunComplete") result = operation.data;
    else steps[operation.id] = { type: "data", data: await outcomeOf(operation) };
  }
}
console.log(JSON.stringify(result));
server.close();

async function call() {
  const stack = Object.keys(steps);
  const ctx = { run_id: "run-1", attempt: 0, use_api: false, stack: { stack, current: stack.length } };
  const reply = await handler(
    new Request(`${server.url}/api/inngest?fnId=papers-read-paper&stepId=step`, {
      method: "POST",
      headers: { "content-type": "application/json", host: "127.0.0.1" },
      body: JSON.stringify({ version: 1, event, events: [event], steps, ctx, use_api: false }),
    }),
  );
  const text = await reply.text();
  switch (reply.status) {
    case 200:
      return [{ op: "RunComplete", data: JSON.parse(text) }];
    case 206:
      return JSON.parse(text);
    default:
      throw new Error(`The SDK answered ${reply.status}: ${text}`);
  }
}

async function outcomeOf({ op, name, opts, data, error }) {
  if (error) throw new Error(JSON.stringify(error));
  if (op !== "WaitForEvent") return data;
  // The one kind of expression that the recipe has.
  const [, id] = /^async\.data\.id == "(.+)"$/.exec(opts.if) ?? [];
  for (;;) {
    const found = events.find((sent) => sent.name === name && sent.data.id === id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
