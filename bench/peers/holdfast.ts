import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { type Connector, TaskClient, type TaskStore } from "holdfast";
import { fromUrl as fromUrlByHttp } from "holdfast/http";
import { memoryStore } from "holdfast/memory";
import { fromClient, fromUrl as fromUrlV1 } from "holdfast/sdk-v1";
import { fromUrl as fromUrlV2 } from "holdfast/sdk-v2";
import { type Address, type Kept, type Peer, textOf } from "./peer.ts";

const APP = { clientInfo: { name: "an-app", version: "1.0.0" }, capabilities: { elicitation: {} } };

export const holdfast: Peer = holdfastOn(memoryStore);
/** The peer whose connector is {@link overHttp}. */
export const OWN_HTTP = "Holdfast, holdfast/http";

/** Holdfast with a store of one's own, over the SDK transport of the generation unless `connect` says otherwise. */
export function holdfastOn(newStore: () => TaskStore, name = "Holdfast", connect = connectorTo): Peer {
  return {
    name,
    speaks: () => true,
    async open(address) {
      const store = newStore();
      const client = clientOf(address, store, await connectorOver(address, connect));
      return {
        call: async (tool) => textOf(await (await client.callTool("server", tool)).result()),
        start: async (tool, args) => void (await client.callTool("server", tool, args)),
        async leave(tool) {
          const { id } = await client.callTool("server", tool);
          return { id, store };
        },
        close: () => client.close(),
      };
    },
    async reopen(address, kept: Kept) {
      const client = clientOf(address, kept.store as TaskStore);
      const task = (await client.resume()).find(({ id }) => id === kept.id);
      if (!task) throw new Error("Holdfast did not resume its task");
      return { result: async () => textOf(await task.result()), close: () => client.close() };
    },
  };
}

function clientOf(address: Address, store: TaskStore, connector = connectorTo(address)): TaskClient {
  return new TaskClient({ store, endpoints: { server: connector } });
}

/** On a transport that is no SDK's, by the tap on a Client that has it. */
async function connectorOver(address: Address, connect: typeof connectorTo): Promise<Connector> {
  if (!address.transport) return connect(address);
  const client = new Client(APP.clientInfo, { capabilities: APP.capabilities });
  await client.connect(address.transport as unknown as Parameters<Client["connect"]>[0]);
  return fromClient(client);
}

/** The connector of README: Holdfast's own Streamable HTTP. */
export function overHttp({ url, generation, fetch }: Address): Connector {
  return fromUrlByHttp(url, { ...APP, fetch, era: generation === "2026-07-28" ? generation : "2025-11-25" });
}

/** The connector an app would take for a server of which it knows the generation. */
export function connectorTo({ url, generation, fetch }: Address): Connector {
  return generation === "2025-11-25"
    ? fromUrlV1(url, { ...APP, fetch })
    : fromUrlV2(url, { ...APP, fetch, era: "2026-07-28" });
}
