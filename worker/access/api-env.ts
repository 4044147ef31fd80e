import type { Bindings } from "../bindings.ts";

/** What the routes find in their context. */
export interface ApiEnv {
  Bindings: Bindings;
  Variables: {
    /** Who calls; set by the access middleware. */
    principal: string;
  };
}
