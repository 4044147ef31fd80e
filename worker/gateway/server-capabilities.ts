import type { ServerCapabilities } from "@modelcontextprotocol/server";
import { isObject } from "../../front/client-capabilities.ts";
import { TASKS_EXTENSION } from "../../src/protocol/meta-keys.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import { EVENTS_EXTENSION } from "./events/extension.ts";

/** SEP-3415, and the draft before it, which clients look for. The SDK's types do not have the latter. */
const EVENTS: object = { events: {} };

/**
 * What the gateway can do in front of a server: what that can, without what would need a stream from it, and tasks with their events.
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
    ...EVENTS,
    extensions: { ...(era === "modern" && { [TASKS_EXTENSION]: {} }), [EVENTS_EXTENSION]: {} },
    ...(era === "legacy" && { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }),
  };
}
