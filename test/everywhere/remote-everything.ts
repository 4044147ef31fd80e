import type { EverythingServer } from "../sdk/everything-server.ts";
import { desk } from "./desk-line.ts";

/** Stands in for `test/sdk/everything-server.ts`: the process is a child of Node. */
export async function startEverythingServer(): Promise<EverythingServer> {
  const { id, url } = await desk.call<{ readonly id: number; readonly url: string }>("startEverything");
  return { url: new URL(url), stop: () => desk.call("stopEverything", id) };
}
