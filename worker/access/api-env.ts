import type { Bindings } from "../bindings.ts";
import type { AccessVariables } from "./principal.ts";

/** What the routes behind the access middleware find in their context. */
export interface ApiEnv {
  Bindings: Bindings;
  Variables: AccessVariables;
}
