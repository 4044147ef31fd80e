import type { RequestTarget } from "../engine/request-failed.ts";
import type { Protocols } from "../protocol/registry.ts";
import type { QuestionsPart } from "./asking.ts";
import type { RecoveryPart } from "./lost-calls.ts";

/** What a client can do beyond starting calls and polling tasks. Each field is a part of `holdfast/core`. */
export interface Parts {
  /** The protocols it speaks. */
  readonly protocols?: Partial<Protocols>;
  readonly questions?: QuestionsPart;
  readonly recovery?: RecoveryPart;
  /** Returns a failed request's error with its likely cause. */
  readonly explain?: (error: unknown, target: RequestTarget) => unknown;
}
