/** One of the processes that share a store: does what its parent says over IPC. */

import { TASK_TOOL } from "../../bench/browser-kills/task-ledger.ts";
import { fromUrl } from "../../src/channel/http.ts";
import { TaskClient } from "../../src/client/task-client.ts";
import { leases } from "../../src/leases/index.ts";
import { hasKey } from "./keyed-ledger.ts";
import { openStore, type StorePlace } from "./open-store.ts";

export interface ProcessSetting {
  readonly place: StorePlace;
  readonly store: string;
  readonly server: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Sent to the server as the header `x-process`. */
  readonly name: string;
}

export type Order =
  | { readonly type: "start"; readonly n: number }
  | { readonly type: "await"; readonly id: string }
  | { readonly type: "close" };

export type Report =
  | { readonly type: "ready" }
  | { readonly type: "started"; readonly n: number; readonly id: string }
  | { readonly type: "ended"; readonly id: string; readonly text?: string; readonly error?: string }
  | { readonly type: "failed"; readonly n: number; readonly error: string }
  | { readonly type: "problem"; readonly message: string };

const setting = JSON.parse(process.argv[2] ?? "") as ProcessSetting;
const report = (news: Report): void => void process.send?.(news);

const opened = await openStore(setting.place, setting.store);
const { leaseMs, pollMs } = setting;
const tasks = new TaskClient({
  ...leases(opened.store, { leaseMs, pollMs, listen: (wake) => void opened.listen?.(wake) }),
  endpoints: { lab: fromUrl(setting.server, { requestInit: { headers: { "x-process": setting.name } } }) },
  onProblem: ({ message }) => report({ type: "problem", message }),
});
// A parent that is gone needs no children.
process.on("disconnect", () => process.exit());
process.on("message", (order: Order) => void obey(order));
await tasks.resume();
report({ type: "ready" });

async function obey(order: Order): Promise<void> {
  switch (order.type) {
    case "start": {
      const { n } = order;
      try {
        const { id } = await tasks.start(
          "lab",
          TASK_TOOL,
          { n },
          { id: `task-${n}`, idempotencyKey: hasKey(n) && `key-${n}` },
        );
        return report({ type: "started", n, id });
      } catch (error) {
        return report({ type: "failed", n, error: String(error) });
      }
    }
    case "await": {
      const { id } = order;
      try {
        const task = await tasks.get(id);
        if (!task) return report({ type: "ended", id, error: "The store has no such task" });
        const { content } = await task.result();
        const [block] = content as readonly { readonly text?: string }[];
        return report({ type: "ended", id, text: block?.text ?? "" });
      } catch (error) {
        return report({ type: "ended", id, error: String(error) });
      }
    }
    case "close":
      await tasks.close();
      await opened.close();
      process.exit();
  }
}
