import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { abilitiesOf, type ClientAbilities, declares, isObject } from "../../../front/client-capabilities.ts";
import { CAPABILITY_MISSING } from "../../../front/messages.ts";
import { MISSING_CLIENT_CAPABILITY, RpcError } from "../../../front/rpc-error.ts";
import { TASKS_EXTENSION } from "../../../src/protocol/meta-keys.ts";
import { type Frame, metaOf } from "../frame.ts";

/** Of each request anew: in this generation nothing else counts. */
export interface Envelope {
  readonly tasks: boolean;
  readonly abilities: ClientAbilities;
  /** There are no sessions: what the client calls itself comes nearest. */
  readonly session: string;
}

export function envelopeOf({ mcpReq }: ServerContext): Envelope {
  const envelope: Record<string, unknown> = { ...mcpReq.envelope };
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY];
  const client = envelope[CLIENT_INFO_META_KEY];
  const { name, version } = isObject(client) ? client : {};
  return {
    tasks: declares(capabilities, TASKS_EXTENSION),
    abilities: abilitiesOf(capabilities),
    session: JSON.stringify([name, version]),
  };
}

export function declaresTasks(frame: Frame): boolean {
  return declares(metaOf(frame)[CLIENT_CAPABILITIES_META_KEY], TASKS_EXTENSION);
}

/** The request needs a client that knows tasks. */
export function tasksNeeded(): RpcError {
  return new RpcError({
    code: MISSING_CLIENT_CAPABILITY,
    message: CAPABILITY_MISSING,
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
}
