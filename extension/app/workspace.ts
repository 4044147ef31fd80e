import type { Session } from "holdfast";
import { ExtensionTaskClient } from "holdfast/extension/page";
import { Followed } from "../../ui/app/followed.ts";
import { problem } from "../../ui/app/problems.ts";
import type { Workspace, WorkspaceClient } from "../../ui/clients/workspace.ts";
import type { Server } from "../../ui/servers/server.ts";
import { followServers, type KnownServer, knownServers } from "../servers/known-servers.ts";
import { reloadServers, sessionWith } from "./messages.ts";

/** The worker's tasks; what was agreed with a server is asked of the worker too. */
class PageClient extends ExtensionTaskClient implements WorkspaceClient {
  session(endpoint: string): Promise<Session | undefined> {
    return sessionWith(endpoint);
  }
}

/** What the console's parts work with, where the tasks run in the extension's worker. */
export async function openWorkspace(): Promise<Workspace> {
  const servers = new Followed<readonly Server[]>((await knownServers()).map(shown));
  followServers((all) => servers.set(all.map(shown)));
  const client = new PageClient({ onProblem: ({ message }) => problem.set(message) });
  return {
    client,
    servers,
    // The worker does that by itself.
    resumed: Promise.resolve(),
    // One that has just been added is perhaps not known there yet.
    reachable: async (endpoint) => {
      if (!(await client.endpoints()).includes(endpoint)) await reloadServers();
    },
    complete: new Followed(true),
  };
}

function shown({ url, name, authorization }: KnownServer): Server {
  return {
    name: url,
    title: name,
    mode: "local",
    url,
    authorization,
    added: true,
  };
}
