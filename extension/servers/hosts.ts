import { knownServers } from "./known-servers.ts";
import { signInOf } from "./secrets.ts";
import type { SignIn } from "./sign-in.ts";

/** The match pattern of an address, whose ports patterns do not distinguish. */
export function originOf(address: string | URL): string {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${hostname}/*`;
}

/** The addresses that a sign-in needs to be made and renewed. */
export function addressesOf(signIn: SignIn | undefined): readonly string[] {
  return signIn ? [signIn.issuer, signIn.tokenEndpoint] : [];
}

/** Gives back the access to the hosts of these addresses, but those that a server still needs. */
export async function giveBackHosts(addresses: readonly string[]): Promise<void> {
  const servers = await knownServers();
  const signIns = await Promise.all(servers.map(signInOf));
  const needed = new Set([...servers.map(({ url }) => url), ...signIns.flatMap(addressesOf)].map(originOf));
  for (const origin of new Set(addresses.map(originOf))) {
    // The browser refuses to take what is the manifest's to give.
    if (!needed.has(origin)) await chrome.permissions.remove({ origins: [origin] }).catch(() => false);
  }
}
