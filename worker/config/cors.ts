import { z } from "zod";
import { jsonVar } from "./json-var.ts";

const origin = z
  .string()
  .refine((text) => !text.includes("*"), { error: "must be one origin: there are no wildcards", abort: true })
  .refine((text) => URL.canParse(text) && new URL(text).origin === text && text !== "null", {
    error: "must be an origin, such as https://app.example, with no path and no slash at the end",
  });

/** The var CORS_ORIGINS: whose pages may call the API. */
export const corsOriginsOf: (env: object) => readonly string[] = jsonVar<readonly string[]>(
  "CORS_ORIGINS",
  z.array(origin),
  [],
);
