import { REFUSED } from "../../front/rpc-error.ts";
import { ProblemError } from "../http/problem.ts";
import { Seat } from "../principal/seat.ts";
import type { Caller } from "./caller.ts";
import { errorFrame, type Frame } from "./frame.ts";

/**
 * Opens a stream that lasts for as long as the client likes. It counts as one of the principal's `streams`; beyond that limit
 * the answer is 429, with a JSON-RPC error and `Retry-After`.
 */
export async function countedStream(
  { env, objects }: Caller,
  id: Frame["id"],
  open: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    const seat = await Seat.taken(env, objects);
    return await seat.heldBy(open);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { status, message, headers } = error;
    return Response.json(errorFrame(id ?? null, { code: REFUSED, message }), { status, headers });
  }
}
