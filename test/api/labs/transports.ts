import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";

export * from "./tasks.ts";
/** In place of an app's own transport. */
export class WebSocketTransport extends InMemoryTransport {
  readonly address: string;
  constructor(address: string) {
    super();
    this.address = address;
  }
}
