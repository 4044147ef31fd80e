import type { SerializedTaskReference, ToolExecution } from "@modelcontextprotocol/ext-tasks/client";
import { TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { connected } from "../../peers/ext-tasks.ts";
import { connectorTo } from "../../peers/holdfast.ts";
import type { Address } from "../../peers/peer.ts";
import { TASK_TOOL } from "../../servers/timed-server.ts";

/** What runs in the page: this module is bundled, and its exports are the global `scale`. */
export interface Prepared {
  /** Of one record as JSON, in characters. */
  readonly recordLength: number;
}

export interface Resumed {
  /** From asking for the tasks to having a handle of each, in ms. */
  readonly ms: number;
  readonly tasks: number;
}

export interface Busy {
  /** The longest time the page did not come to run anything else, in ms. */
  readonly longestBlock: number;
  /** In tasks of the event loop longer than 50 ms, in all, in ms. */
  readonly longTasks: number;
}

type Kept = { readonly id: string; readonly taskId: string };

let held: unknown;
const blocks: number[] = [];
let longTasks = 0;

function addressOf(url: string): Address {
  return { url, generation: "2026-07-28", fetch: (to, init) => fetch(to, init) };
}

function open(database: string, url: string): TaskClient {
  const endpoints = { server: connectorTo(addressOf(url)) };
  return new TaskClient({ store: indexedDbStore(database), endpoints });
}

/** Fills a database as so many calls would: one is made, and its record is written under other ids. */
export async function prepare(database: string, url: string, tasks: number): Promise<Prepared> {
  const first = open(database, url);
  await first.callTool("server", TASK_TOOL, { doi: "10.1038/s41586-020-2649-2" });
  await first.close();
  const db = await opened(database);
  const read = db.transaction("records").objectStore("records");
  const key = IDBKeyRange.bound("active/", "active/\uffff");
  const [record] = (await done(read.getAll(key))) as readonly Kept[];
  if (!record) throw new Error("The call left no record");
  const writing = db.transaction("records", "readwrite");
  for (let task = 1; task < tasks; task++) {
    const id = crypto.randomUUID();
    writing.objectStore("records").put({ ...record, id, taskId: crypto.randomUUID() }, `active/${id}`);
  }
  await new Promise((resolve, reject) => {
    writing.oncomplete = resolve;
    writing.onerror = reject;
  });
  db.close();
  return { recordLength: JSON.stringify(record).length };
}

/** As a page that starts does. */
export async function resume(database: string, url: string): Promise<Resumed> {
  watchLoop();
  const began = performance.now();
  const client = open(database, url);
  const tasks = await client.resume();
  held = [client, tasks];
  return { ms: performance.now() - began, tasks: tasks.length };
}

/** An app that stores the references of ext-tasks in IndexedDB too, and resumes each. */
export async function prepareReferences(database: string, tasks: number): Promise<void> {
  const asked = indexedDB.open(database);
  asked.onupgradeneeded = () => void asked.result.createObjectStore("references");
  const db = await done(asked);
  const writing = db.transaction("references", "readwrite");
  for (let task = 0; task < tasks; task++) {
    const taskId = crypto.randomUUID();
    const reference = { endpointId: "server", generation: "v2", taskId, originalOperation: "tools/call" };
    writing.objectStore("references").put(reference, taskId);
  }
  await new Promise((resolve, reject) => {
    writing.oncomplete = resolve;
    writing.onerror = reject;
  });
  db.close();
}

export async function resumeReferences(database: string, url: string): Promise<Resumed> {
  watchLoop();
  const began = performance.now();
  const db = await opened(database);
  const references = (await done(
    db.transaction("references").objectStore("references").getAll(),
  )) as readonly SerializedTaskReference[];
  const { client, session } = await connected(addressOf(url));
  const tasks: readonly ToolExecution<unknown>[] = await Promise.all(
    references.map((reference) => session.resumeTask(reference)),
  );
  held = [client, session, tasks];
  return { ms: performance.now() - began, tasks: tasks.length };
}

/** What kept the page busy since it was asked last. */
export function takeBusy(): Busy {
  const busy = { longestBlock: Math.max(0, ...blocks), longTasks };
  blocks.length = 0;
  longTasks = 0;
  return busy;
}

/** A message to itself comes back at once, unless something else runs. */
function watchLoop(): void {
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  port1.onmessage = () => {
    const now = performance.now();
    const block = now - last;
    // Only the longer ones: it must not need memory itself.
    if (block > 5) blocks.push(block);
    setTimeout(() => {
      last = performance.now();
      port2.postMessage(0);
    }, 4);
  };
  port2.postMessage(0);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks += duration;
  }).observe({ type: "longtask" });
}

/** The reference must last as long as the page: without it the tasks could be garbage-collected. */
export function stillHeld(): boolean {
  return held !== undefined;
}

function opened(database: string): Promise<IDBDatabase> {
  return done(indexedDB.open(database));
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
