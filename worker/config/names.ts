import { z } from "zod";

/** Who calls. The characters are such that a principal can stand in a log line, a header and a JSON string as it is. */
export const principalSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.@|:-]{1,128}$/, "must be 1 to 128 of A-Z a-z 0-9 _ . @ | : -");

/** What an endpoint is called in addresses and task ids. */
export const endpointNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be named by 1 to 32 of a-z 0-9 -, not starting with the hyphen")
  .refine((name) => name !== "server-card", "must not be server-card: /mcp/server-card is the server card");
