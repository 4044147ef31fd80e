import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import type { ApiEnv } from "../access/api-env.ts";
import { knownTokens } from "../access/hashed-tokens.ts";
import type { AccessVariables } from "../access/principal.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { ProblemError } from "../http/problem.ts";
import { passkeySiteOf } from "../oauth/passkey-sign-in.ts";
import type { PasskeySite } from "../passkey/passkeys.ts";
import { problems } from "./responses.ts";

const passkeySchema = z
  .object({
    id: z.string(),
    createdAt: z.number().int(),
    lastUsedAt: z.number().int().optional(),
    synced: z.boolean().openapi({ description: "Its provider syncs it to other devices." }),
  })
  .openapi("Passkey");

const json = <T extends z.ZodType>(schema: T) => ({ content: { "application/json": { schema } } });

const list = createRoute({
  method: "get",
  path: "/v1/passkeys",
  tags: ["Passkeys"],
  summary: "The passkeys you sign in to the gateway with",
  responses: {
    200: {
      description: "The newest first.",
      ...json(z.object({ passkeys: z.array(passkeySchema) }).openapi("PasskeyList")),
    },
    ...problems(),
  },
});

const offer = createRoute({
  method: "post",
  path: "/v1/passkeys/options",
  tags: ["Passkeys"],
  summary: "Begin to add a passkey",
  description:
    "For principals that have a token or the owner's secret, which the passkey then stands for on the consent page.",
  responses: {
    200: {
      description: "`PublicKeyCredential.parseCreationOptionsFromJSON()` takes it. Good for five minutes.",
      ...json(z.looseObject({ challenge: z.string() }).openapi("PasskeyOptions")),
    },
    ...problems(403, 422),
  },
});

const add = createRoute({
  method: "post",
  path: "/v1/passkeys",
  tags: ["Passkeys"],
  summary: "Add a passkey",
  request: {
    body: {
      required: true,
      ...json(
        z
          .looseObject({
            id: z.string().max(1_400),
            rawId: z.string(),
            type: z.literal("public-key"),
            response: z.looseObject({ clientDataJSON: z.string(), attestationObject: z.string() }),
          })
          .openapi("NewPasskey", { description: "`toJSON()` of what the browser made of the options." }),
      ),
    },
  },
  responses: { 201: { description: "Added.", ...json(passkeySchema) }, ...problems(403, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/passkeys/{passkey}",
  tags: ["Passkeys"],
  summary: "Remove a passkey",
  description: "It signs nobody in from then on. To remove what is not there does nothing.",
  request: { params: z.object({ passkey: z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/) }) },
  responses: { 204: { description: "Removed." }, ...problems(422) },
});

/** The passkeys with which a person signs in on the pages of this origin. */
export function passkeyRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(list, async (c) => {
    const passkeys = await directoryOf(c.env, c.var.principal).passkeys();
    return c.json({ passkeys: [...passkeys] }, 200);
  });

  app.openapi(offer, async (c) => {
    const { principal } = c.var;
    checkSecret(c.var);
    if (!(await knownTokens(c.env)).some((token) => token.principal === principal))
      throw new ProblemError(
        422,
        "no-secret",
        "A passkey stands for a token or OWNER_SECRET. You have none.",
      );
    const options = await directoryOf(c.env, principal).offerPasskey(siteOf(c.req.url));
    if (!options)
      throw new ProblemError(
        422,
        "too-many-passkeys",
        "You have 20 passkeys. Remove one before you add another.",
      );
    return c.json(options as { challenge: string }, 200);
  });

  app.openapi(add, async (c) => {
    checkSecret(c.var);
    const response = c.req.valid("json") as unknown as RegistrationResponseJSON;
    const added = await directoryOf(c.env, c.var.principal).addPasskey(siteOf(c.req.url), response);
    if (!added)
      throw new ProblemError(
        422,
        "passkey-refused",
        "The passkey does not fit what was offered. Begin again.",
      );
    return c.json(added, 201);
  });

  app.openapi(remove, async (c) => {
    await directoryOf(c.env, c.var.principal).removePasskey(c.req.valid("param").passkey);
    return c.body(null, 204);
  });
}

/** A token of some hours, and who steals it, must not get a passkey that outlives it. */
function checkSecret({ isIssued }: AccessVariables): void {
  if (isIssued)
    throw new ProblemError(
      403,
      "secret-needed",
      "A passkey is added with your token or OWNER_SECRET: on the page where you sign in.",
    );
}

function siteOf(address: string): PasskeySite {
  const site = passkeySiteOf(new URL(address));
  if (site) return site;
  throw new ProblemError(
    422,
    "no-host-name",
    "Browsers make passkeys for host names only: use localhost, or the worker's name, in place of the address.",
  );
}
