import type { JsonObject } from "holdfast";
import type { ServerFacts } from "../../group/gateway-group-rpc.ts";
import type { Caller } from "../caller.ts";
import { factsOf } from "../endpoint-requests.ts";
import { answersOf } from "./answers.ts";

/** What the servers of all endpoints can do together. */
export async function mergedFacts(caller: Caller): Promise<ServerFacts> {
  const answers = await answersOf(caller, factsOf);
  const capabilities: JsonObject = { tools: {} };
  for (const { answer } of answers) Object.assign(capabilities, answer.capabilities);
  return { capabilities };
}
