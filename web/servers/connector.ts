import { type Connector, VERSION } from "holdfast";
import { fromUrl } from "holdfast/http";
import { oauth } from "holdfast/oauth";
import { APP_TYPE, APPS_EXTENSION } from "../../ui/apps/app-of-tool.ts";
import { keptHeader } from "../../ui/servers/header-secret.ts";
import type { WireLog } from "../../ui/wire/wire-log.ts";
import type { LocalServer } from "./known-servers.ts";
import { signInOf } from "./sign-in.ts";

/** Returns a connector to a server, or undefined until the user has entered the header that the server needs. */
export async function connectorTo(server: LocalServer, wire: WireLog): Promise<Connector | undefined> {
  const connector = plainConnectorTo(server, wire);
  if (!connector || !server.pairs) return connector;
  const { withPairs } = await import("holdfast/pairs");
  return withPairs(connector, server.pairs);
}

function plainConnectorTo(server: LocalServer, wire: WireLog): Connector | undefined {
  const options = {
    clientInfo: { name: "holdfast-console", version: VERSION },
    // Servers need not name their apps to a client that does not declare them (SEP-1865, "Server Behavior").
    capabilities: {
      elicitation: { form: {}, url: {} },
      extensions: { [APPS_EXTENSION]: { mimeTypes: [APP_TYPE] } },
    },
    fetch: wire.recording(server.url, (input, init) => globalThis.fetch(input, init)),
  };
  switch (server.authorization) {
    case "none":
      return fromUrl(server.url, options);
    case "header": {
      const secret = keptHeader(server.name);
      // A tab without it would be refused, and yet might be the one that polls for all.
      if (!secret) return undefined;
      return fromUrl(server.url, { ...options, requestInit: { headers: { [secret.name]: secret.value } } });
    }
    case "oauth":
      return fromUrl(server.url, { ...options, authorization: oauth(signInOf(server.name)) });
  }
}
