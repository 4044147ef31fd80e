import { ExtensionTasks } from "holdfast/extension";
import { readAppMessage } from "./app/messages.ts";
import { Badge } from "./background/badge.ts";
import { ContextMenu } from "./background/context-menu.ts";
import { HeaderWanted } from "./background/header-wanted.ts";
import { Notices } from "./background/notices.ts";
import { WorkerHistory } from "./background/worker-history.ts";
import { connectors } from "./servers/connectors.ts";
import { knownServers } from "./servers/known-servers.ts";
import { closeToPages } from "./servers/secrets.ts";

// All listeners are added in the worker's first turn: Chrome starts it for an event, and calls only the listeners added by then.
const tasks = new ExtensionTasks({
  endpoints: connectors,
  onProblem: ({ kind, message }) => {
    // A task of a server that cannot be called now waits for it.
    if (kind !== "unknown-endpoint") console.warn(message);
  },
});
const badge = new Badge(tasks);
new Notices(tasks);
new ContextMenu(tasks);
new WorkerHistory(tasks);
new HeaderWanted();
void closeToPages();

let reloaded: Promise<void> = Promise.resolve();

/** One after the other, and none for nothing: a client that is closed takes with it what it was just asking. */
function reload(): Promise<void> {
  const next = reloaded.then(async () => {
    const known = await (await tasks.client()).endpoints();
    const servers = (await knownServers()).map(({ url }) => url);
    if (servers.length === known.length && servers.every((url) => known.includes(url))) return;
    await tasks.reload();
    await badge.recount();
  });
  reloaded = next.catch(() => undefined);
  return next;
}

chrome.runtime.onMessage.addListener((message: unknown, sender, reply: (answer: unknown) => void) => {
  const asked = sender.url?.startsWith(chrome.runtime.getURL("")) ? readAppMessage(message) : undefined;
  if (!asked) return false;
  const answer =
    asked.app === "reload"
      ? reload()
      : tasks.client().then((client) => client.rememberedSession(asked.endpoint));
  answer.then(
    (found) => reply(found ?? null),
    () => reply(null),
  );
  return true;
});

// For measurements of the time from the start to here.
performance.mark("listening");
