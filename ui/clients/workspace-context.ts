import { createContext, useContext } from "react";
import { useFollowed } from "../app/followed.ts";
import type { Server } from "../servers/server.ts";
import type { Workspace } from "./workspace.ts";

export const WorkspaceContext = createContext<Workspace | undefined>(undefined);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new Error("There is no WorkspaceContext above this component");
  return workspace;
}

export function useServers(): readonly Server[] {
  return useFollowed(useWorkspace().servers);
}

/** The server of an endpoint; undefined if this page does not know it: the tasks of a server that was removed are still listed. */
export function useServer(endpoint: string): Server | undefined {
  return useServers().find(({ name }) => name === endpoint);
}

/** What to call a server by; an endpoint this page does not know keeps its name. */
export function useServerTitle(endpoint: string): string {
  return useServer(endpoint)?.title ?? endpoint;
}
