import type { ServerCapabilities } from "@modelcontextprotocol/server";
import { isObject } from "../../front/client-capabilities.ts";
import { TASKS_EXTENSION } from "../../src/protocol/meta-keys.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";

/**
 * What the gateway can do in front of a server: what that can, without what would need a stream from it, and tasks.
 * @param offersResults Whether long results are resources.
 */
export function capabilitiesOf(
  { capabilities }: ServerFacts,
  era: "legacy" | "modern",
  offersResults: boolean,
): ServerCapabilities {
  const { resources, prompts, completions } = capabilities;
  return {
    tools: { listChanged: true },
    ...((isObject(resources) || offersResults) && { resources: { listChanged: true } }),
    ...(isObject(prompts) && { prompts: { listChanged: true } }),
    ...(isObject(completions) && { completions: {} }),
    ...(era === "modern"
      ? { extensions: { [TASKS_EXTENSION]: {} } }
      : { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }),
  };
}
