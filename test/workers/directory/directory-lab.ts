import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { PrincipalDirectory } from "../../../worker/directory/principal-directory.ts";
import type { Admission, AdmissionAsk, Admitted } from "../../../worker/directory/principal-directory-rpc.ts";
import type { FakeGroups } from "./fake-groups.ts";

/** Asks for a call that nothing speaks against. */
export function ask(but: Partial<AdmissionAsk> = {}): AdmissionAsk {
  return {
    endpoint: "papers",
    limits: { callsInFlight: 1000, callsInFlightPerEndpoint: 1000, callsPerMinute: 600 },
    weight: 2,
    shardCeiling: 1000,
    shardBytes: 1_000_000_000,
    ...but,
  };
}

export function limits(callsInFlight: number, callsPerMinute = 60_000): Pick<AdmissionAsk, "limits"> {
  return { limits: { callsInFlight, callsInFlightPerEndpoint: callsInFlight, callsPerMinute } };
}

export function keyed(key: string, fingerprint: string): Pick<AdmissionAsk, "idempotency"> {
  return { idempotency: { key, fingerprint } };
}

export function admitted(admission: Admission): Admitted {
  if (!admission.ok) throw new Error(`Refused: ${admission.code}`);
  return admission;
}

/** A directory just loaded, over what earlier ones of this principal stored and with groups that the test holds. */
export function inDirectory<T>(
  principal: string,
  groups: FakeGroups,
  use: (directory: PrincipalDirectory, state: DurableObjectState) => Promise<T>,
): Promise<T> {
  return runInDurableObject(env.PRINCIPALS.getByName(principal), (_, state) =>
    use(new PrincipalDirectory(state, { TASK_GROUP: groups, METRICS: env.METRICS }), state),
  );
}
