import { hostNameKind } from "./host-kind.ts";
import { type IpKind, ipv4Kind, ipv6Kind } from "./ip-kind.ts";

export interface AddressOptions {
  /**
   * Lets in this machine, private networks and plain HTTP. A cloud's metadata, and what is reserved for special purposes, stays
   * out all the same.
   */
  readonly allowPrivate: boolean;
}

/**
 * Why the worker does not fetch from an address, or undefined if it may. The reason quotes nothing of it.
 *
 * It goes by what is written. What a public name resolves to cannot be seen from a Worker: on Cloudflare no private network is
 * within its reach; workerd of one's own lets it reach public addresses only, unless its `network` says otherwise.
 */
export function refusalOf(url: URL, { allowPrivate }: AddressOptions): string | undefined {
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) return "is not https";
  if (url.username !== "" || url.password !== "") return "holds credentials";
  if (url.hostname.endsWith(".")) return "has a host that ends in a dot";
  switch (kindOf(url.hostname)) {
    case "public":
      return undefined;
    case "private":
      return allowPrivate ? undefined : "is on a private network";
    case "metadata":
      return "is the metadata service of a cloud";
    case "special":
      return "is not the address of a public server";
  }
}

/** The URL parser has made decimal, octal, hexadecimal and short forms of IPv4 into the usual one. */
function kindOf(hostname: string): IpKind {
  if (hostname.startsWith("[")) return ipv6Kind(hostname.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return ipv4Kind(hostname);
  return hostNameKind(hostname);
}
