import { UuidV7Source } from "../../worker/directory/uuid-v7.ts";
import { TASK_TOOL } from "../servers/timed-server.ts";

/** How many calls of a group are begun at a time. */
const AT_ONCE = 50;

/** What is started: so many tasks in the object of one principal. */
export interface Wish {
  readonly principal: string;
  readonly tasks: number;
}

/** What is used of `TaskGroupRpc` (worker/group). The worker's own types need those of the platform. */
interface Group {
  start(identity: object, call: object, waitMs: number): Promise<{ readonly ok: boolean }>;
}

interface Bindings {
  readonly TASK_GROUP: { getByName(name: string): Group };
}

const uuids = new UuidV7Source();

/** Starts tasks by asking their object, and neither the HTTP API nor the principal's directory: both serve one principal at a time. */
export default {
  async fetch(request: Request, { TASK_GROUP }: Bindings): Promise<Response> {
    if (request.method !== "POST") return Response.json({ ok: true });
    const { principal, tasks } = (await request.json()) as Wish;
    const identity = { principal, endpoint: "upstream", shard: 0 };
    const group = TASK_GROUP.getByName(JSON.stringify([principal, "upstream", 0]));
    for (let begun = 0; begun < tasks; begun += AT_ONCE) {
      const calls = Array.from({ length: Math.min(AT_ONCE, tasks - begun) }, () => {
        const id = `upstream.0.${uuids.next(Date.now())}`;
        return group.start(identity, { id, tool: TASK_TOOL, arguments: { doi: id } }, 60_000);
      });
      const failed = (await Promise.all(calls)).find((reply) => !reply.ok);
      if (failed) return Response.json(failed, { status: 500 });
    }
    return Response.json({ ok: true });
  },
};
