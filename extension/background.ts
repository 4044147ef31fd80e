import { ExtensionTasks } from "holdfast/extension";
import { type AppMessage, readAppMessage } from "./app/messages.ts";
import { AccessWanted } from "./background/access-wanted.ts";
import { Badge } from "./background/badge.ts";
import { ContextMenu } from "./background/context-menu.ts";
import { Notices } from "./background/notices.ts";
import { WorkerHistory } from "./background/worker-history.ts";
import { connectors } from "./servers/connectors.ts";
import { type KnownServer, knownServers } from "./servers/known-servers.ts";
import { closeToPages } from "./servers/secrets.ts";

// All listeners are added in the worker's first turn: Chrome starts it for an event, and calls only the listeners added by then.
const wanted = new AccessWanted();
/** Which servers the client was made with, and how it authorizes at each. */
let made = "";
const tasks = new ExtensionTasks({
  endpoints: async () => {
    const servers = await knownServers();
    made = signature(servers);
    return connectors(servers, (server) => wanted.signInEnded(server));
  },
  onProblem: ({ kind, message }) => {
    // A task of a server that cannot be called now waits for it.
    if (kind !== "unknown-endpoint") console.warn(message);
  },
});
const badge = new Badge(tasks);
const notices = new Notices(tasks);
new ContextMenu(tasks);
new WorkerHistory(tasks);
void closeToPages();

let reloaded: Promise<void> = Promise.resolve();

function signature(servers: readonly KnownServer[]): string {
  return servers
    .map(({ url, authorization }) => `${authorization} ${url}`)
    .sort()
    .join("\n");
}

/** One after the other, and none for nothing: a client that is closed takes with it what it was just asking. */
function reload(): Promise<void> {
  const next = reloaded.then(async () => {
    await tasks.client();
    if (signature(await knownServers()) === made) return;
    await tasks.reload();
    await badge.recount();
  });
  reloaded = next.catch(() => undefined);
  return next;
}

async function answerTo(asked: AppMessage): Promise<unknown> {
  switch (asked.app) {
    case "reload":
      return reload();
    case "erased":
      notices.forget();
      await tasks.reload();
      return badge.recount();
    case "session":
      return (await tasks.client()).rememberedSession(asked.endpoint);
  }
}

chrome.runtime.onMessage.addListener((message: unknown, sender, reply: (answer: unknown) => void) => {
  const asked = sender.url?.startsWith(chrome.runtime.getURL("")) ? readAppMessage(message) : undefined;
  if (!asked) return false;
  answerTo(asked).then(
    (found) => reply(found ?? null),
    () => reply(null),
  );
  return true;
});

// For measurements of the time from the start to here.
performance.mark("listening");
