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
 * The client capabilities that servers receive: those of the agent, and always elicitation, since the model sees a question
 * that the agent cannot show.
 */
export function capabilitiesFor({ capabilities }: AgentHello): JsonObject {
  return {
    ...capabilities,
    elicitation: { form: {}, url: {}, ...(capabilities.elicitation as object | undefined) },
  };
}
