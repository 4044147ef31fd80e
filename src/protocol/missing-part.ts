/** A client of `holdfast/core` was asked for something that none of its parts does. `TaskClient` of `holdfast` has all parts. */
export class MissingPartError extends Error {
  override readonly name = "MissingPartError";

  /** @param what What was asked for: the parts of `holdfast/core` are named after it. */
  constructor(what: string) {
    super(`This client has no part for ${what}: add it to \`parts\``);
  }
}
