import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { PrincipalDirectory } from "../../../worker/directory/principal-directory.ts";
import { TaskGroup } from "../../../worker/group/task-group.ts";
import { Metrics } from "../../../worker/metrics/metrics.ts";

/** Requests to objects, and rows that were written, since they were taken last. */
export interface Traffic {
  /** `<object>.<method>`, in order. */
  readonly requests: readonly string[];
  /** Rows of tables, values put and deleted, and alarms set: what Cloudflare bills as rows written. */
  readonly rows: number;
}

const OBJECTS = { group: TaskGroup, directory: PrincipalDirectory, metrics: Metrics };

/** Counts in the classes themselves, so that requests between objects count like those of the worker. */
export class ObjectTraffic {
  #requests: string[] = [];
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  #puts = 0;
  /** The storage of the objects that are counted: the sample servers have theirs in the same process. */
  readonly #own = new WeakSet<object>();

  private constructor() {}

  static async counted(): Promise<ObjectTraffic> {
    const traffic = new ObjectTraffic();
    for (const [name, { prototype }] of Object.entries(OBJECTS)) traffic.#watch(name, prototype);
    const stub = env.TASK_GROUP.getByName(`prototypes-${crypto.randomUUID()}`);
    await runInDurableObject(stub, (_group, { storage }) => traffic.#watchStorage(storage));
    return traffic;
  }

  take(): Traffic {
    const rows = this.#cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, this.#puts);
    const requests = this.#requests;
    this.#requests = [];
    this.#cursors = [];
    this.#puts = 0;
    return { requests, rows };
  }

  #watch(name: string, prototype: object): void {
    const methods = Object.getOwnPropertyNames(prototype).filter(
      (method) => !["constructor", "alarm"].includes(method) && isMethod(prototype, method),
    );
    for (const method of methods) {
      const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
      const asked = (object: unknown): void => {
        const { storage } = Reflect.get(object as object, "ctx") as DurableObjectState;
        for (const part of [storage, storage.sql, storage.kv]) this.#own.add(part);
        this.#requests.push(`${name}.${method}`);
      };
      vi.spyOn(prototype as Record<string, () => unknown>, method).mockImplementation(function (
        this: unknown,
        ...args: unknown[]
      ) {
        asked(this);
        return Reflect.apply(original, this, args);
      });
    }
  }

  #watchStorage(storage: DurableObjectStorage): void {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    const executed = (of: SqlStorage, cursor: never): void => {
      if (this.#own.has(of)) this.#cursors.push(cursor);
    };
    vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, ...args: unknown[]) {
      const cursor = Reflect.apply(exec, this, args) as never;
      executed(this, cursor);
      return cursor;
    } as SqlStorage["exec"]);
    const put = (of: object): void => {
      if (this.#own.has(of)) this.#puts += 1;
    };
    for (const [object, method] of [
      [Object.getPrototypeOf(storage.kv), "put"],
      [Object.getPrototypeOf(storage.kv), "delete"],
      [Object.getPrototypeOf(storage), "setAlarm"],
    ] as const) {
      const original = Reflect.get(object, method) as (...args: unknown[]) => unknown;
      vi.spyOn(object, method).mockImplementation(function (this: object, ...args: unknown[]) {
        put(this);
        return Reflect.apply(original, this, args);
      });
    }
  }
}

function isMethod(prototype: object, name: string): boolean {
  return typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === "function";
}
