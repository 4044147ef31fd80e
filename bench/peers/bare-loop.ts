import { type Address, type Args, type Peer, textOf } from "./peer.ts";

type Reply = { readonly id?: unknown; readonly result?: Readonly<Record<string, unknown>> };
type Ask = (method: string, params: object) => Promise<Readonly<Record<string, unknown>>>;

/**
 * The floor for every client: a timer, a request and `JSON.parse` for each task. It checks nothing, stores nothing, aborts
 * nothing and has no timeouts (2025-11-25 only).
 */
export const bareLoop: Peer = {
  name: "no client: a timer, fetch and JSON",
  speaks: (generation) => generation === "2025-11-25",
  async open(address) {
    const ask = address.transport ? directly(address.transport) : byHttp(address);
    async function run(tool: string, args?: Args, started?: () => void): Promise<string> {
      const { task } = await ask("tools/call", { name: tool, ...(args && { arguments: args }), task: {} });
      started?.();
      let { taskId, status, pollInterval } = task as Readonly<Record<string, unknown>>;
      while (status !== "completed") {
        await new Promise((resolve) => setTimeout(resolve, Number(pollInterval)));
        ({ status, pollInterval } = await ask("tasks/get", { taskId }));
      }
      return textOf(await ask("tasks/result", { taskId }));
    }
    return {
      call: (tool) => run(tool),
      start: (tool, args) =>
        new Promise((started, failed) => void run(tool, args, () => started()).catch(failed)),
      leave: () => Promise.reject(new TypeError("It keeps nothing")),
      close: async () => undefined,
    };
  },
};

function byHttp({ url, fetch }: Address): Ask {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  let id = 0;
  return async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const reply = JSON.parse(await (await fetch(url, { method: "POST", headers, body })).text()) as Reply;
    return reply.result ?? {};
  };
}

function directly(transport: NonNullable<Address["transport"]>): Ask {
  const waiting = new Map<unknown, (result: Readonly<Record<string, unknown>>) => void>();
  transport.onmessage = (message) => {
    const { id, result = {} } = message as Reply;
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  let id = 0;
  return (method, params) =>
    new Promise((resolve) => {
      waiting.set(++id, resolve);
      void transport.send({ jsonrpc: "2.0", id, method, params });
    });
}
