import type { Task, TaskJson } from "holdfast";
import type { DurableTasks, TaskChange } from "holdfast/durable-object";

/** So often a silent stream shows that it lives, in ms. */
const HEARTBEAT_MS = 15_000;

export interface ChangeStreamOptions {
  readonly tasks: DurableTasks;
  /** The position the watcher has seen; from now on without one. */
  readonly after: number | undefined;
  /** Of one task only. */
  readonly id: string | undefined;
}

/**
 * The changes of a group as Server-Sent Events: first `ready`, then each stored change once, in order, as `task` with
 * its position as id; progress and deletions, which are not stored, as `progress` and `forgotten` without an id.
 */
export function changeStream({ tasks, after, id }: ChangeStreamOptions): Response {
  const encoder = new TextEncoder();
  let end = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): void => controller.enqueue(encoder.encode(text));
      const change = ({ seq, task }: TaskChange): void => {
        if (id === undefined || task.id === id) write(event("task", task, seq));
      };
      // Nothing comes between these: what is stored is read, and what is stored from now on is told, in one go.
      const position = tasks.position();
      // A position this object never gave shows as one: the watcher is told where it stands instead.
      write(event("ready", {}, Math.min(after ?? position, position)));
      for (const missed of after === undefined ? [] : tasks.changes(after, id)) change(missed);
      const unwatch = tasks.watch(change);
      const progressed = (task: Task): void => {
        const { progress } = task.current;
        if (!progress || task.outcome || (id !== undefined && task.id !== id)) return;
        write(event("progress", { id: task.id, progress }));
      };
      const unsubscribe = tasks.client.subscribe(progressed, (gone) => {
        if (id === undefined || gone === id) write(event("forgotten", { id: gone }));
      });
      const heartbeat = setInterval(() => write(": alive\n\n"), HEARTBEAT_MS);
      end = () => {
        clearInterval(heartbeat);
        unwatch();
        unsubscribe();
      };
    },
    cancel: () => end(),
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" },
  });
}

function event(name: string, data: TaskJson | object, seq?: number): string {
  const id = seq === undefined ? "" : `id: ${seq}\n`;
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
