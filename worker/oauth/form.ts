import type { Context } from "hono";

/** What the forms of the pages here send. */
export interface PageForm {
  readonly handle: string;
  readonly decision: string;
  readonly secret: string;
  /** What a passkey signed, as JSON. */
  readonly passkey: string;
}

/** A field that is absent is empty. */
export async function formOf(c: Context): Promise<PageForm> {
  const form = await c.req.formData().catch(() => new FormData());
  const field = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  return {
    handle: field("handle"),
    decision: field("decision"),
    secret: field("secret").trim(),
    passkey: field("passkey"),
  };
}
