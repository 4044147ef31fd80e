import { createFollowedTasks } from "./followed-tasks.ts";
import type { HostParts } from "./host-parts.ts";
import type { OwnershipEvents } from "./ownership.ts";
import { adopt, resume, yieldAll } from "./residence.ts";
import { actHere } from "./task-actions.ts";

/** What the host of the tasks does on messages of other tabs. Apart from the host: a process that is alone does not ship it. */
export function tabEvents(parts: HostParts, endpoint: string): OwnershipEvents {
  const { options, runtime } = parts;
  const followed = createFollowedTasks(parts, endpoint);
  return {
    ...followed,
    elected: async () => {
      const records = await parts.active();
      await resume(
        parts,
        records.filter((record) => record.endpoint === endpoint),
      );
      followed.refresh();
    },
    steppedDown: () => {
      yieldAll(parts, endpoint);
      followed.refresh();
    },
    awake: followed.refresh,
    forgot: (id) => {
      runtime.yield(id);
      options.forgotten(id);
    },
    adopt: (record, base) => void adopt(parts, record, base),
    runs: (id) => runtime.state(id) !== undefined,
    act: (action) => actHere(parts, action),
  };
}
