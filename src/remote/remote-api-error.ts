import { readRetryAfter } from "../channel/retry-after.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";

/** What a {@link RemoteApiError} is made of. */
export interface RemoteRefusal {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The problem's `code`; `network`, `malformed` or `http` where the answer, if any, came from something else. */
  readonly code: string;
  readonly detail: string;
  /** How long the worker asks to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** Names this very failure in the worker's log. */
  readonly instance?: string | undefined;
}

/** The worker refused a request, failed at it, or could not be reached. */
export class RemoteApiError extends Error {
  override readonly name = "RemoteApiError";
  declare readonly status: number;
  declare readonly code: string;
  declare readonly detail: string;
  declare readonly retryAfterMs: number | undefined;
  declare readonly instance: string | undefined;

  constructor(refusal: RemoteRefusal, options?: ErrorOptions) {
    const { status, code, detail } = refusal;
    super(status === 0 ? detail : `${detail} (${status} ${code})`, options);
    Object.assign(this, refusal);
  }
}

/** The worker could not be reached, or the connection broke: whether it has the request is not known. */
export function unreachable(cause: unknown, address?: string): RemoteApiError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [at, advice] =
    address === undefined
      ? ["", ""]
      : [` at ${address}`, ". Is it running, and does it allow this origin by CORS?"];
  const detail = `The worker${at} could not be reached: ${said}${advice}`;
  return new RemoteApiError({ status: 0, code: "network", detail }, { cause });
}

/** The worker answered with something that is not what its API says. */
export function malformed(status: number, detail: string, cause?: unknown): RemoteApiError {
  return new RemoteApiError({ status, code: "malformed", detail }, { cause });
}

/**
 * Reads an error response: Problem Details (RFC 9457) of the worker, or whatever a proxy before it said.
 * @param now ms since 1970.
 */
export async function refusalOf(response: Response, now: number): Promise<RemoteApiError> {
  const { status, headers } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const problem: JsonObject = isObject(body) ? body : {};
  return new RemoteApiError({
    status,
    code: text(problem.code) ?? "http",
    detail: text(problem.detail) ?? text(problem.title) ?? `The worker answered ${status}`,
    retryAfterMs: readRetryAfter(headers.get("retry-after"), now),
    instance: text(problem.instance),
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
