import type { InputRequest } from "holdfast";

/** The capabilities of a client that decide how it is served. */
export interface ClientAbilities {
  readonly elicitation: boolean;
  /** Elicitation at an address. */
  readonly urls: boolean;
  readonly sampling: boolean;
  readonly roots: boolean;
}

export const NO_ABILITIES: ClientAbilities = {
  elicitation: false,
  urls: false,
  sampling: false,
  roots: false,
};

/** From `ClientCapabilities` of either generation. */
export function abilitiesOf(capabilities: unknown): ClientAbilities {
  const { elicitation, sampling, roots } = isObject(capabilities) ? capabilities : {};
  return {
    elicitation: isObject(elicitation),
    urls: isObject(elicitation) && isObject(elicitation.url),
    sampling: isObject(sampling),
    roots: isObject(roots),
  };
}

/** Whether `ClientCapabilities` of either generation name an extension. */
export function declares(capabilities: unknown, extension: string): boolean {
  const extensions = isObject(capabilities) ? capabilities.extensions : undefined;
  return isObject(extensions) && isObject(extensions[extension]);
}

/** Whether the client can be asked this. If not, the model answers it from the running result. */
export function canAnswer(client: ClientAbilities, { method, params }: InputRequest): boolean {
  switch (method) {
    case "elicitation/create":
      return params.mode === "url" ? client.urls : client.elicitation;
    case "sampling/createMessage":
      return client.sampling;
    case "roots/list":
      return client.roots;
    default:
      return false;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
