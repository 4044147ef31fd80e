import { allEndpoints } from "../config/endpoints.ts";

/**
 * What a token is issued for: `/mcp`, which stands for all endpoints, or one of them. A URL without a trailing slash
 * (2026-07-28 authorization, "Canonical Server URI").
 */
export interface Resource {
  readonly uri: string;
  /** The endpoint's name; undefined for all of them. */
  readonly endpoint?: string;
}

export function wholeResource(origin: string): Resource {
  return { uri: `${origin}/mcp` };
}

/** Every resource there is at this origin. */
export function resourcesAt(env: object, origin: string): readonly Resource[] {
  const endpoints = allEndpoints(env).map(({ name }) => ({ uri: `${origin}/mcp/${name}`, endpoint: name }));
  return [wholeResource(origin), ...endpoints];
}

/** The resource at an address; undefined for an address that has none. */
export function resourceAt(env: object, { origin, pathname }: URL): Resource | undefined {
  const uri = origin + pathname.replace(/\/$/, "");
  return resourcesAt(env, origin).find((resource) => resource.uri === uri);
}
