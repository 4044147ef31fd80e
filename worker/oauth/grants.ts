import type { Bindings } from "../bindings.ts";
import { oauthOf } from "../config/oauth.ts";
import { oauthApi } from "./authorization-server.ts";
import { grantFactsOf } from "./grant.ts";
import { userIdOf } from "./user-id.ts";

/** What a person let a client do. Times are in ms since 1970. */
export interface GrantListing {
  readonly id: string;
  /** As the client calls itself; nobody has verified it unless `clientId` is an address. */
  readonly client: string;
  readonly clientId: string;
  /** Where access went to. */
  readonly redirectHost: string;
  /** The address it is for: `/mcp` for every endpoint. */
  readonly resource: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** More than a person has. */
const MOST_LISTED = 1_000;

/** The grants of a principal. The KV namespace may list a new one a minute late. */
export async function listGrants(
  env: Bindings,
  url: URL,
  principal: string,
): Promise<readonly GrantListing[]> {
  if (!oauthOf(env)) return [];
  const { items } = await oauthApi(env, url).listUserGrants(userIdOf(principal), { limit: MOST_LISTED });
  return items
    .map(({ id, clientId, metadata, resource, createdAt, expiresAt }) => ({
      id,
      ...grantFactsOf(metadata),
      clientId,
      resource: String(resource),
      createdAt: createdAt * 1_000,
      ...(expiresAt !== undefined && { expiresAt: expiresAt * 1_000 }),
    }))
    .sort((a, b) => b.createdAt - a.createdAt);
}

/** Ends a grant and its tokens. A grant that is unknown, or somebody else's, has ended already as far as the caller can see. */
export async function revokeGrant(env: Bindings, url: URL, principal: string, id: string): Promise<void> {
  if (oauthOf(env)) await oauthApi(env, url).revokeGrant(id, userIdOf(principal));
}
