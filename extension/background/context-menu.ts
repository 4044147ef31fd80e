import { type Task, TaskError } from "holdfast";
import type { ExtensionTasks } from "holdfast/extension";
import { followTargets, type Target, targets, type What } from "../targets/targets.ts";
import { doiAmong, doiHints } from "./doi.ts";
import { ICON } from "./icon.ts";

type Click = chrome.contextMenus.OnClickData;
type Tab = chrome.tabs.Tab;

/** "Send … to …" in the menu of every page: an entry for each target, and the call when it is chosen. */
export class ContextMenu {
  readonly #tasks: ExtensionTasks;
  #making: Promise<void> = Promise.resolve();

  constructor(tasks: ExtensionTasks) {
    this.#tasks = tasks;
    chrome.contextMenus.onClicked.addListener((click, tab) => void this.#send(click, tab));
    // The browser keeps the entries while it runs, whatever becomes of the worker.
    chrome.runtime.onInstalled.addListener(() => this.#makeAnew());
    chrome.runtime.onStartup.addListener(() => this.#makeAnew());
    followTargets(() => this.#makeAnew());
  }

  #makeAnew(): void {
    this.#making = this.#making.then(async () => {
      await chrome.contextMenus.removeAll();
      for (const { id, title, what } of await targets()) {
        chrome.contextMenus.create({ id, title, contexts: contextsOf(what) }, () => {
          if (chrome.runtime.lastError) console.warn(chrome.runtime.lastError.message);
        });
      }
    });
  }

  async #send(click: Click, tab: Tab | undefined): Promise<void> {
    const target = (await targets()).find(({ id }) => id === click.menuItemId);
    if (!target) return;
    try {
      await this.#call(target, await taken(target.what, click, tab));
    } catch (error) {
      // The call began and its task failed: the notice of its outcome says so.
      if (error instanceof TaskError) return;
      await complain(target, error instanceof Error ? error.message : String(error));
    }
  }

  async #call({ endpoint, tool, argument, others }: Target, value: string): Promise<Task> {
    const client = await this.#tasks.client();
    if (!(await client.endpoints()).includes(endpoint)) {
      throw new Error(`The server at ${endpoint} was removed. Add it again in the options.`);
    }
    return client.callTool(endpoint, tool, { ...others, [argument]: value });
  }
}

function contextsOf(
  what: What,
): [`${chrome.contextMenus.ContextType}`, ...`${chrome.contextMenus.ContextType}`[]] {
  return what === "selection" ? ["selection"] : ["page", "selection"];
}

async function taken(what: What, click: Click, tab: Tab | undefined): Promise<string> {
  switch (what) {
    case "selection": {
      const text = click.selectionText?.trim();
      if (!text) throw new Error("Nothing is selected on this page.");
      return text;
    }
    case "address": {
      const address = click.pageUrl ?? tab?.url;
      if (!address) throw new Error("The browser does not say what this page's address is.");
      return address;
    }
    case "doi": {
      const doi = doiAmong(await hintsOn(click, tab));
      if (doi === undefined) throw new Error("Neither this page nor its address names a DOI.");
      return doi;
    }
  }
}

/** The page is looked into by `activeTab`: by the click on the menu, this once. */
async function hintsOn({ pageUrl }: Click, tab: Tab | undefined): Promise<readonly string[]> {
  const address = pageUrl ?? tab?.url;
  const own = address === undefined ? [] : [address];
  if (tab?.id === undefined) return own;
  try {
    const [looked] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: doiHints });
    return [...(looked?.result ?? []), ...own];
  } catch {
    // Pages of the browser and of its shop let nobody look: their address may do.
    return own;
  }
}

function complain({ id, title }: Target, message: string): Promise<string> {
  return chrome.notifications.create(`menu ${id}`, { type: "basic", iconUrl: ICON, title, message });
}
