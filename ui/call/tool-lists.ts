import type { ListedTool, TaskClientApi } from "holdfast";

const lists = new Map<string, Promise<readonly ListedTool[]>>();

/** The tools of an endpoint, asked for once a page. */
export function toolsOf(client: TaskClientApi, endpoint: string): Promise<readonly ListedTool[]> {
  const known = lists.get(endpoint);
  if (known) return known;
  const asked = client.listTools(endpoint);
  lists.set(endpoint, asked);
  asked.catch(() => lists.delete(endpoint));
  return asked;
}

/** So that the next to ask gets what the server has now. */
export function dropTools(endpoint: string): void {
  lists.delete(endpoint);
}
