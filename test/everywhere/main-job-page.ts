/**
 * The page of the main job: a client with its tasks in IndexedDB, that does what the test behind `/next` says and reports what
 * becomes of each task. The address names the tab and the server.
 */
import { fromUrl } from "../../src/channel/http.ts";
import { type Task, TaskClient } from "../../src/index.ts";
import { indexedDbStore } from "../../src/store/indexeddb.ts";

/** What a test asks of a tab. */
export type Command =
  | { readonly do: "call"; readonly topic: string }
  | { readonly do: "reload" }
  /** To its own address with another query: the next page is a new one all the same. */
  | { readonly do: "navigate" };

/** What a tab saw of a task. */
export interface Seen {
  readonly tab: string;
  readonly topic: string;
  readonly status: string;
  /** The text of its result, once it has ended. */
  readonly text?: string;
}

const parameters = new URL(location.href).searchParams;
const tab = parameters.get("tab") ?? "";
const address = parameters.get("server") ?? "";

const client = new TaskClient({
  store: indexedDbStore(),
  endpoints: { server: fromUrl(address, { requestInit: { headers: { "x-tab": tab } } }) },
});

const followed = new Set<string>();

/** Resumes what earlier pages started, then carries out what it reads until the page ends. */
export async function work(): Promise<never> {
  client.subscribe((task) => void follow(task));
  for (const task of await client.resume()) void follow(task);
  await report({ tab, topic: "", status: "ready" });
  for (;;) {
    const command = (await (await fetch(`/next?tab=${tab}`)).json()) as Command;
    if (command.do !== "call") {
      if (command.do === "reload") location.reload();
      else location.assign(`${location.href}&again=${Date.now()}`);
      // The next command is for the next page.
      return new Promise<never>(() => undefined);
    }
    await client.start("server", "simulate-research-query", { topic: command.topic });
  }
}

async function follow(task: Task): Promise<void> {
  if (followed.has(task.id)) return;
  followed.add(task.id);
  const { topic } = task.view.arguments as { topic: string };
  try {
    for await (const { status } of task) await report({ tab, topic, status });
    const { content } = await task.result();
    const [part] = content as readonly { readonly text?: string }[];
    await report({ tab, topic, status: "result", ...(part?.text !== undefined && { text: part.text }) });
  } catch (error) {
    await report({ tab, topic, status: "error", text: String(error) });
  }
}

async function report(seen: Seen): Promise<void> {
  await fetch("/report", { method: "POST", body: JSON.stringify(seen) });
}
