export interface RpcErrorJson {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

import { INVALID_PARAMS } from "../src/protocol/error-codes.ts";
import { TASK_NOT_FOUND } from "./messages.ts";

export {
  INTERNAL_ERROR,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  MISSING_CLIENT_CAPABILITY,
} from "../src/protocol/error-codes.ts";
/** 2025-11-25 elicitation, "URL Elicitation Required Error". */
export const URL_ELICITATION_REQUIRED = -32042;
/** Of the range that is left to servers: not admitted now. */
export const REFUSED = -32000;

/** An error that the client receives unchanged. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data?: unknown;

  constructor({ code, message, data }: RpcErrorJson) {
    super(message);
    this.code = code;
    if (data !== undefined) this.data = data;
  }

  get body(): RpcErrorJson {
    const { code, message, data } = this;
    return { code, message, ...(data !== undefined && { data }) };
  }
}

/** The same answer for an invalid id, an unknown one, and another principal's. */
export function unknownTask(): RpcError {
  return new RpcError({ code: INVALID_PARAMS, message: TASK_NOT_FOUND });
}

export function invalidParams(message: string): RpcError {
  return new RpcError({ code: INVALID_PARAMS, message });
}
