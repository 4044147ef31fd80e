import type { Task } from "../../src/task.ts";

/** For how long a call whose task has ended can be joined by an agent that never had the result, in ms: then it is stale. */
const ENDED_MS = 120_000;
/** For how long a call can be joined after its running result was sent, in ms: the agent may have hung up just before. */
const TOLD_MS = 5_000;

/** A call, and whether the agent waits for it. */
export interface MadeCall {
  readonly task: Promise<Task>;
  /** The tool declares that it can be called again: then a call whose task has ended is not joined, since a repeated one is fresher. */
  readonly repeatable: boolean;
  /** `gone`: the agent gave up waiting before there was an answer. `told`: it knows that the task runs. */
  state: "waiting" | "gone" | "told";
  /** When it came to this state, in ms since 1970. */
  at: number;
}

/** The calls that an agent may have given up on: when it makes the same call again, it means the same work. */
export class JoinableCalls {
  readonly #calls: Map<string, MadeCall[]> = new Map();

  static key(server: string, tool: string, args: unknown): string {
    return JSON.stringify([server, tool, sorted(args)]);
  }

  add(key: string, call: MadeCall): void {
    this.#calls.set(key, [...(this.#calls.get(key) ?? []), call]);
  }

  remove(key: string, call: MadeCall): void {
    const rest = (this.#calls.get(key) ?? []).filter((one) => one !== call);
    if (rest.length > 0) this.#calls.set(key, rest);
    else this.#calls.delete(key);
  }

  /** Takes the earliest call of this key that nobody waits for. Its caller waits for it from now on. */
  async join(key: string, now: number): Promise<MadeCall | undefined> {
    for (const call of [...(this.#calls.get(key) ?? [])]) {
      if (call.state === "waiting") continue;
      const stale = call.state === "told" && now - call.at > TOLD_MS;
      const before = call.state;
      // Two of the same calls at once must not take the same one.
      call.state = "waiting";
      const task = await call.task.catch(() => undefined);
      const ended = task?.view.outcome && (call.repeatable || now - call.at > ENDED_MS);
      if (stale || !task || ended) {
        call.state = before;
        this.remove(key, call);
        continue;
      }
      call.at = now;
      return call;
    }
    return undefined;
  }
}

/** The same value whatever the order of its keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
