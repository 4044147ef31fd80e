import type { JsonObject } from "../../src/protocol/json.ts";
import type { Generation } from "../../src/protocol/registry.ts";
import type { ClientIdentity } from "../../src/protocol/session.ts";

/** How the agent introduced itself. The proxy speaks to servers in its generation and with its capabilities. */
export interface AgentHello {
  readonly generation: Generation;
  readonly clientInfo: ClientIdentity;
  readonly capabilities: JsonObject;
}

/**
 * What servers are told the client can do: what the agent can, and elicitation in any case, since a question that the agent
 * cannot show is put to the model.
 */
export function capabilitiesFor({ capabilities }: AgentHello): JsonObject {
  return {
    ...capabilities,
    elicitation: { form: {}, url: {}, ...(capabilities.elicitation as object | undefined) },
  };
}
