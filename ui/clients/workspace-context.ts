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

/** What to call a server by; an endpoint this page does not know keeps its name. */
export function useServerTitle(endpoint: string): string {
  return useServers().find(({ name }) => name === endpoint)?.title ?? endpoint;
}
