import type { JsonObject, ListedTool, TaskView, UndeliveredQuery } from "holdfast";
import type { TaskPage } from "holdfast/durable-object";
import type {
  Admission,
  AdmissionAsk,
  GroupLoad,
  GroupName,
  ReadAdmission,
  ReadAsk,
} from "../../../worker/directory/principal-directory-rpc.ts";
import type { PassedOn } from "../../../worker/group/gateway-group-rpc.ts";
import type {
  DeliveryView,
  GroupIdentity,
  GroupProblem,
  ListQuery,
  Reply,
  StartCall,
  TaskGroupRpc,
} from "../../../worker/group/task-group-rpc.ts";

const encoder = new TextEncoder();

/** Readers of an event stream that the test can lose. */
class FakeStreams {
  readonly #readers: Set<ReadableStreamDefaultController<Uint8Array>> = new Set();

  get count(): number {
    return this.#readers.size;
  }

  open(first: readonly string[]): Response {
    let reader: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        reader = controller;
        this.#readers.add(controller);
        for (const text of first) controller.enqueue(encoder.encode(text));
      },
      cancel: () => {
        if (reader) this.#readers.delete(reader);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  publish(text: string): void {
    for (const reader of this.#readers) reader.enqueue(encoder.encode(text));
  }

  /** The streams end without a word, or with an error. */
  lose(how: "end" | "error"): void {
    for (const reader of this.#readers) {
      if (how === "end") reader.close();
      else reader.error(new Error("The object was evicted"));
    }
    this.#readers.clear();
  }
}

/** A group whose tasks the test moves. */
export class FakeGroup implements TaskGroupRpc {
  readonly name: GroupName;
  readonly held: Map<string, TaskView> = new Map();
  readonly started: StartCall[] = [];
  readonly streams: FakeStreams = new FakeStreams();
  /** What is asked of it next fails so. */
  refusal: GroupProblem | undefined;
  error: Error | undefined;
  /** How many tasks fill a page by their length. */
  pageSize: number = Number.POSITIVE_INFINITY;
  /** What a call comes to; a running task without one. */
  answersCalls: ((call: StartCall) => TaskView) | undefined;
  readonly #changes: { readonly seq: number; readonly task: TaskView }[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #seq = 0;
  /** Loses what it knows, as an object does whose storage was deleted. */
  reset(): void {
    this.#changes.length = 0;
    this.#seq = 0;
  }

  constructor(name: GroupName) {
    this.name = name;
  }

  /** Stores a task and publishes it. */
  put(task: TaskView): void {
    this.held.set(task.id, task);
    this.#seq += 1;
    this.#changes.push({ seq: this.#seq, task });
    this.streams.publish(taskEvent(this.#seq, task));
    for (const wake of [...this.#waiting]) wake();
  }

  progress(id: string, progress: number): void {
    this.streams.publish(`event: progress\ndata: ${JSON.stringify({ id, progress: { progress } })}\n\n`);
  }

  async start(_identity: GroupIdentity, call: StartCall): Promise<Reply<TaskView>> {
    const failed = this.#failure();
    if (failed) return failed;
    const held = this.held.get(call.id);
    if (held) return { ok: true, value: held };
    this.started.push(call);
    const task =
      this.answersCalls?.(call) ?? fakeTask(call.id, { tool: call.tool, arguments: call.arguments });
    this.put(task);
    return { ok: true, value: task };
  }

  async task(
    id: string,
    wait?: { readonly afterRev: number; readonly ms: number },
  ): Promise<TaskView | undefined> {
    if (this.error) throw this.error;
    const task = this.held.get(id);
    if (!task || !wait || task.outcome || task.rev > wait.afterRev) return task;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, wait.ms);
      this.#waiting.add(done);
    });
    return this.held.get(id);
  }

  async tasks({ before, limit, status, tool }: ListQuery): Promise<TaskPage> {
    if (this.error) throw this.error;
    const tasks = [...this.held.values()]
      .filter((task) => before === undefined || task.id < before)
      .filter(
        (task) => status === undefined || (status === "unfinished" ? !task.outcome : task.status === status),
      )
      .filter((task) => tool === undefined || task.tool === tool)
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit);
    if (tasks.length <= this.pageSize) return { tasks, full: false };
    return { tasks: tasks.slice(0, this.pageSize), full: true };
  }

  async answer(id: string, key: string, _response: JsonObject): Promise<Reply<TaskView>> {
    const task = this.held.get(id);
    if (!task) return unknownTask;
    if (!task.inputRequests.some((request) => request.key === key)) {
      return { ok: false, problem: { code: "not-open", detail: "It asks nothing under that key" } };
    }
    return this.#failure() ?? { ok: true, value: { ...task, rev: task.rev + 1, inputRequests: [] } };
  }

  async cancel(id: string): Promise<Reply<TaskView>> {
    const task = this.held.get(id);
    return task ? (this.#failure() ?? { ok: true, value: { ...task, cancelling: true } }) : unknownTask;
  }

  async notify(id: string): Promise<Reply<null>> {
    return this.held.has(id) ? (this.#failure() ?? { ok: true, value: null }) : unknownTask;
  }

  async undelivered({ addressee, receipt = "" }: UndeliveredQuery): Promise<readonly DeliveryView[]> {
    if (this.error) throw this.error;
    const ended = [...this.held.values()].filter(
      ({ outcome, addressees }) => outcome && addressees?.includes(addressee),
    );
    return ended.map((task) => ({ id: task.id, addressee, receipt, task }));
  }

  async acknowledge(id: string): Promise<Reply<boolean>> {
    return this.held.has(id) ? { ok: true, value: true } : unknownTask;
  }

  async forget(id: string, force: boolean): Promise<Reply<null>> {
    const task = this.held.get(id);
    if (!task) return unknownTask;
    if (!task.outcome && !force)
      return { ok: false, problem: { code: "running", detail: "It runs: cancel it first" } };
    this.held.delete(id);
    return { ok: true, value: null };
  }

  async passOn(_identity: GroupIdentity, method: string, { uri }: JsonObject): Promise<PassedOn> {
    if (method !== "resources/read" || uri !== "papers://kelp?a=1")
      return { ok: false, error: { code: -32002, message: "Resource not found" } };
    return { ok: true, result: { contents: [{ uri, text: "Kelp" }] } };
  }

  async tools(): Promise<Reply<readonly ListedTool[]>> {
    return (
      this.#failure() ?? {
        ok: true,
        value: [
          {
            name: "report",
            facts: { taskSupport: "optional", repeatable: false },
            definition: { name: "report" },
          },
        ],
      }
    );
  }

  async active(): Promise<GroupLoad> {
    const tasks = [...this.held.values()].filter(({ outcome }) => !outcome).length;
    return { tasks, bytes: 0, lent: 0, absent: [] };
  }

  async fetch(address: string): Promise<Response> {
    const { searchParams } = new URL(address);
    const after = searchParams.get("after");
    const only = searchParams.get("task");
    const missed = this.#changes.filter(
      ({ seq, task }) => after !== null && seq > Number(after) && (only === null || task.id === only),
    );
    return this.streams.open([
      `event: ready\nid: ${this.#seq}\ndata: {}\n\n`,
      ...missed.map(({ seq, task }) => taskEvent(seq, task)),
    ]);
  }

  #failure(): { readonly ok: false; readonly problem: GroupProblem } | undefined {
    if (this.error) throw this.error;
    return this.refusal && { ok: false, problem: this.refusal };
  }
}

export class FakeDirectory {
  readonly list: GroupName[] = [];
  readonly #exists: (group: GroupName) => boolean;
  /** What reads are answered with; they are admitted without one. */
  reading: ReadAdmission | undefined;
  readonly asked: AdmissionAsk[] = [];
  readonly streams: FakeStreams = new FakeStreams();
  admission: Admission | undefined;
  readonly #keys: Map<string, { readonly id: string; readonly fingerprint: string }> = new Map();

  constructor(exists: (group: GroupName) => boolean) {
    this.#exists = exists;
  }

  open(group: GroupName): void {
    this.list.push(group);
    this.streams.publish(groupEvent(group));
  }

  async read({ of }: ReadAsk): Promise<ReadAdmission> {
    return this.reading ?? { ok: true, groups: of ? [of].filter(this.#exists) : this.list, leased: 0 };
  }

  async groups(): Promise<readonly GroupName[]> {
    return this.list;
  }

  async deleted(): Promise<void> {}

  async admit(ask: AdmissionAsk): Promise<Admission> {
    this.asked.push(ask);
    if (this.admission) return this.admission;
    const { endpoint, idempotency } = ask;
    const known = idempotency && this.#keys.get(idempotency.key);
    if (known && known.fingerprint !== idempotency.fingerprint) {
      return { ok: false, code: "idempotency-conflict", retryAfterMs: 0 };
    }
    if (known) return { ok: true, shard: 0, id: known.id, repeated: true };
    const id = fakeId(endpoint, 0, this.asked.length);
    if (idempotency) this.#keys.set(idempotency.key, { id, fingerprint: idempotency.fingerprint });
    if (!this.list.some((group) => group.endpoint === endpoint)) this.open({ endpoint, shard: 0 });
    return { ok: true, shard: 0, id, repeated: false };
  }

  async fetch(address: string): Promise<Response> {
    const limit = Number(new URL(address).searchParams.get("streams"));
    if (this.streams.count >= limit) return new Response(null, { status: 429 });
    return this.streams.open([...this.list.map(groupEvent), "event: ready\ndata: {}\n\n"]);
  }
}

/** The objects of all principals, as the namespaces give them. */
export class FakeObjects {
  readonly groups: Map<string, FakeGroup> = new Map();
  readonly directories: Map<string, FakeDirectory> = new Map();

  readonly TASK_GROUP = {
    getByName: (name: string): FakeGroup => {
      const [, endpoint, shard] = JSON.parse(name) as [string, string, number];
      return made(this.groups, name, () => new FakeGroup({ endpoint, shard }));
    },
  };

  readonly PRINCIPALS = {
    getByName: (name: string): FakeDirectory =>
      made(this.directories, name, () => {
        const exists = ({ endpoint, shard }: GroupName): boolean =>
          this.groups.has(JSON.stringify([name, endpoint, shard]));
        return new FakeDirectory(exists);
      }),
  };

  group(principal: string, endpoint: string, shard = 0): FakeGroup {
    return this.TASK_GROUP.getByName(JSON.stringify([principal, endpoint, shard]));
  }
}

/** The nth id of a group. */
export function fakeId(endpoint: string, shard: number, n: number): string {
  return `${endpoint}.${shard}.${(0x01936c4e0000 + n)
    .toString(16)
    .padStart(12, "0")
    .replace(/^(.{8})/, "$1-")}-7000-8000-000000000000`;
}

export function fakeTask(id: string, parts: Partial<TaskView> = {}): TaskView {
  return {
    id,
    endpoint: id.split(".")[0] ?? "",
    generation: "2026-07-28",
    tool: "report",
    arguments: {},
    status: parts.outcome ? parts.outcome.kind : "working",
    rev: 1,
    createdAt: 1_732_000_000_000,
    taskId: "upstream-1",
    inputRequests: [],
    cancelling: false,
    ...parts,
  };
}

const unknownTask = {
  ok: false,
  problem: { code: "unknown-task", detail: "There is no such task here, alice" },
} as const;

function made<T>(map: Map<string, T>, name: string, make: () => T): T {
  const known = map.get(name) ?? make();
  map.set(name, known);
  return known;
}

function taskEvent(seq: number, task: TaskView): string {
  return `id: ${seq}\nevent: task\ndata: ${JSON.stringify(task)}\n\n`;
}

function groupEvent(group: GroupName): string {
  return `event: group\ndata: ${JSON.stringify(group)}\n\n`;
}
