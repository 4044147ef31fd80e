import { accessTo } from "../servers/access.ts";
import { type KnownServer, knownServers } from "../servers/known-servers.ts";
import { ICON } from "./icon.ts";

const PREFIX = "access ";

/**
 * Says which servers want a header or a sign-in again, or their tasks would wait unseen: what was kept until the browser
 * closed is gone when it starts, and a sign-in may end at any time.
 */
export class AccessWanted {
  constructor() {
    chrome.runtime.onStartup.addListener(() => void this.#look());
    chrome.notifications.onClicked.addListener((id) => {
      if (!id.startsWith(PREFIX)) return;
      void chrome.notifications.clear(id);
      void chrome.runtime.openOptionsPage();
    });
  }

  signInEnded(server: KnownServer): void {
    void notify(server, "sign-in", "The sign-in has ended.");
  }

  async #look(): Promise<void> {
    for (const server of await knownServers()) {
      const access = await accessTo(server);
      if (access === "no header")
        await notify(server, "header", "The header was forgotten when the browser closed.");
      // Tokens on the disk may have been deleted by the person, who knows.
      if (access === "no sign-in" && server.keeping === "until the browser closes")
        await notify(server, "sign-in", "The sign-in was forgotten when the browser closed.");
    }
  }
}

function notify({ url, name }: KnownServer, what: "header" | "sign-in", why: string): Promise<string> {
  return chrome.notifications.create(PREFIX + url, {
    type: "basic",
    iconUrl: ICON,
    title: `${name} wants its ${what} again`,
    message: `${why} Tasks of this server wait until you ${what === "header" ? "enter it" : "sign in"} again.`,
  });
}
