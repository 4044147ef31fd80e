import type { GroupName } from "../../directory/principal-directory-rpc.ts";
import type { EventOutput } from "../../http/event-stream.ts";
import { follow, type Pause } from "../../http/follow.ts";
import type { PrincipalObjects } from "../../principal/objects.ts";
import type { Seat } from "../../principal/seat.ts";
import { groupNameSchema } from "../schemas.ts";
import { type GroupStream, MergedEvents } from "./merged-events.ts";
import type { Positions } from "./position.ts";

export interface WatchOptions {
  readonly objects: PrincipalObjects;
  readonly output: EventOutput;
  /** Where the watcher was; nowhere without one. */
  readonly from: Positions | undefined;
  readonly pause: Pause;
  readonly seat: Seat;
}

/** All changes of a principal's tasks, in the groups there are and in those to come. Ends with the output. */
export async function watchPrincipal(
  { objects, output, from, pause, seat }: WatchOptions,
  groups: readonly GroupName[],
): Promise<void> {
  const merged = new MergedEvents({ output, from, pause });
  for (const group of groups) merged.add(groupStream(objects, group), from === undefined);
  // Whatever group there is beyond these was opened later: all in it is news.
  const directory = follow({
    open: (signal) => seat.open(signal),
    take: async ({ type, data }) => {
      const group = type === "group" ? groupNameSchema.safeParse(parsed(data)) : undefined;
      if (group?.success) merged.add(groupStream(objects, group.data));
    },
    signal: output.ended,
    pause,
  });
  await merged.begin();
  await directory;
}

/** The changes of one task. Ends with the output, or once the task's outcome has been written. */
export async function watchTask(
  { objects, output, from, pause, seat }: WatchOptions,
  group: GroupName,
  id: string,
): Promise<void> {
  const stream = groupStream(objects, group, id);
  const position = from?.get(stream.key);
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const merged = new MergedEvents({
    output: {
      ended: output.ended,
      async write(event) {
        await output.write(event);
        const task = event.type === "task" ? parsed(event.data) : undefined;
        if (typeof task === "object" && task !== null && "outcome" in task) settle();
      },
    },
    from: position === undefined ? undefined : new Map([[stream.key, position]]),
    pause,
  });
  merged.add(stream, position === undefined);
  // Whatever groups there are: the stream is held only for its seat, and ends with the output.
  const seated = follow({
    open: (signal) => seat.open(signal),
    take: async () => undefined,
    signal: output.ended,
    pause,
  });
  await merged.begin();
  await Promise.race([seated, settled]);
}

function groupStream(objects: PrincipalObjects, group: GroupName, id?: string): GroupStream {
  return {
    key: `${group.endpoint}.${group.shard}`,
    open: (after, signal) => {
      const query = new URLSearchParams({
        ...(after !== undefined && { after: String(after) }),
        ...(id !== undefined && { task: id }),
      });
      return objects.group(group).fetch(`https://group/events?${query}`, { signal });
    },
  };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
