import { browserHost, TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { observeTaskListing } from "holdfast/observe";
import { Followed } from "../../ui/app/followed.ts";
import { problem } from "../../ui/app/problems.ts";
import { hrefOf } from "../../ui/app/route.ts";
import type { Workspace } from "../../ui/clients/workspace.ts";
import type { Server } from "../../ui/servers/server.ts";
import { WireLog } from "../../ui/wire/wire-log.ts";
import { readEndpoints } from "../access/access-api.ts";
import { isSignedIn, workerToken } from "../access/worker-token.ts";
import { connectorTo } from "../servers/connector.ts";
import { edgeServers, knownServers } from "../servers/known-servers.ts";
import { finishSignIn } from "../servers/sign-in.ts";
import { BothClients } from "./both-clients.ts";

/** How many tasks that have ended the page keeps. */
const KEPT = 20_000;

export async function openWorkspace(): Promise<Workspace> {
  const local = await knownServers(location);
  await finishSignIns().catch((error: unknown) =>
    problem.set(error instanceof Error ? error.message : String(error)),
  );
  const wire = new WireLog();
  const connectors = await Promise.all(
    local.map(async (server) => {
      const connector = await connectorTo(server, wire);
      return connector ? [[server.name, connector] as const] : [];
    }),
  );
  const client = new BothClients(
    new TaskClient({
      store: indexedDbStore(),
      // A person looks up what was called days ago; the library keeps 1,000 by itself.
      retention: { count: KEPT },
      endpoints: Object.fromEntries(connectors.flat()),
      // People look at the results of plain calls as well, also after a reload.
      host: { ...browserHost(), persistPlain: true },
      // A task of a server this page does not show is another visit's: it waits for that.
      onProblem: (reported) => reported.kind !== "unknown-endpoint" && problem.set(reported.message),
    }),
  );
  const servers = new Followed<readonly Server[]>(local);
  const complete = new Followed(false);
  const resumed = client.resume().then(
    () => undefined,
    (error: unknown) => problem.set(`The stored tasks could not be resumed: ${error}`),
  );
  const joined = resumed.then(() => joinEdge(client, servers)).finally(() => complete.set(true));
  const reachable = (endpoint: string): Promise<void> =>
    local.some(({ name }) => name === endpoint) ? resumed : joined;
  const mustSignIn = workerToken() === undefined;
  return {
    ...{ client, servers, resumed, reachable, complete, wire },
    readResource: (endpoint, uri) => client.readResource(endpoint, uri),
    appFrame: "/app-frame",
    ...(mustSignIn && { signInAt: hrefOf("access") }),
  };
}

/** The page may have been sent back from a sign-in: to the worker, or to a server. */
async function finishSignIns(): Promise<void> {
  if (!new URLSearchParams(location.search).has("state")) return;
  const { finishConsoleSignIn } = await import("../access/console-sign-in.ts");
  await finishConsoleSignIn();
  await finishSignIn();
}

/** Adds what the worker at this address calls, if it lets us: those tasks go on with no page open. */
async function joinEdge(client: BothClients, servers: Followed<readonly Server[]>): Promise<void> {
  const token = workerToken();
  if (token === undefined) return;
  const endpoints = await readEndpoints().catch((error: unknown) =>
    problem.set(String((error as Error).message)),
  );
  if (!endpoints) {
    if (isSignedIn())
      problem.set("The worker does not accept your sign-in any longer. Sign in again under Worker.");
    return;
  }
  if (endpoints.length === 0) return;
  const held = edgeServers(endpoints);
  servers.set([...servers.get(), ...held]);
  // The page's own tasks are shown before its code has come, which a page without a network does not get.
  const remote = await import("holdfast/remote").catch((error: unknown) =>
    problem.set(`The worker's tasks are not shown. Reload the page once there is a network: ${error}`),
  );
  if (!remote) return;
  const edge = new remote.RemoteTaskClient({
    url: location.origin,
    token,
    onProblem: ({ kind, message }) =>
      kind === "incomplete-list" ? problem.set(message) : console.warn(message),
  });
  try {
    await client.join(
      edge,
      held.map(({ name }) => name),
    );
    observeTaskListing(client).reload();
  } catch (error) {
    problem.set(`The worker's tasks could not be listed: ${error}`);
  }
}
