import { accessTo } from "../servers/access.ts";
import { type KnownServer, knownServers } from "../servers/known-servers.ts";
import { ICON } from "./icon.ts";

const PREFIX = "header ";

/** When the browser starts, the headers that were kept until it closed are gone: says so, or their tasks would wait unseen. */
export class HeaderWanted {
  constructor() {
    chrome.runtime.onStartup.addListener(() => void this.#look());
    chrome.notifications.onClicked.addListener((id) => {
      if (!id.startsWith(PREFIX)) return;
      void chrome.notifications.clear(id);
      void chrome.runtime.openOptionsPage();
    });
  }

  async #look(): Promise<void> {
    for (const server of await knownServers()) {
      if ((await accessTo(server)) === "no header") await ask(server);
    }
  }
}

function ask({ url, name }: KnownServer): Promise<string> {
  return chrome.notifications.create(`${PREFIX}${url}`, {
    type: "basic",
    iconUrl: ICON,
    title: `${name} wants its header again`,
    message:
      "The header was forgotten when the browser closed. Tasks of this server wait until you enter it again.",
  });
}
