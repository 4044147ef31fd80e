/**
 * Why the extension's worker gave no answer.
 * - `unreachable`: it cannot be connected to: it does not start, or the extension was updated or removed.
 * - `refused`: it does not speak with this sender, or not this version of the protocol.
 * - `malformed`: the message, or the answer, is not what the protocol says.
 * - `failed`: the worker failed at it in a way nobody foresaw.
 */
export type ExtensionFailure = "unreachable" | "refused" | "malformed" | "failed";

/** The extension's worker could not be asked, or would not answer. A call in flight may have been made: see `list()`. */
export class ExtensionError extends Error {
  override readonly name = "ExtensionError";
  declare readonly code: ExtensionFailure;

  constructor(code: ExtensionFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
