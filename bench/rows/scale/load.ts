import type { Generation } from "holdfast";
import type { Manner } from "../../servers/plain-server.ts";

/** What one process is put under. */
export interface Load {
  readonly peer: string;
  readonly generation: Generation;
  readonly manner: Manner;
  readonly tasks: number;
  /** `http`: SDK transports, `fetch`, the whole way but for the socket. `direct`: a transport that costs nothing but JSON. */
  readonly line: "http" | "direct";
  /** Between two polls of a task, in ms. */
  readonly pollMs: number;
  /** From a task's start to its end, in ms; it changes four times meanwhile. */
  readonly taskMs: number;
  /** Of the text each call carries as its argument. */
  readonly argumentLength: number;
  /** How long it is watched, in ms. */
  readonly watchMs: number;
  /** The process has room for all that is allocated while it is watched, so that nothing is collected meanwhile. */
  readonly roomy?: boolean;
}

export interface LoadFigures {
  /** JavaScript heap after a collection, beyond what it was before the tasks, for each. */
  readonly heapPerTask: number;
  readonly polls: number;
  readonly pushes: number;
  /** Of the process, while it was watched: the server's share and all else in it. */
  readonly cpuMs: number;
  /** Of a loop without any client: the same requests to the same server, their replies parsed. */
  readonly floorUsPerPoll: number;
  /** What was allocated for each poll, and for each of that loop, in bytes; null where something was collected meanwhile. */
  readonly bytesPerPoll: number | null;
  readonly floorBytesPerPoll: number | null;
  /** How late the event loop was, in ms. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}
