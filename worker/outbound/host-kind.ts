import { type IpKind, ipv4Kind } from "./ip-kind.ts";

/** Names that no public server has: they stand for this machine, or for one in the network around it. */
const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
];

/** Under which a cloud hands out the credentials of what runs in it. */
const METADATA_NAMES = [
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.internal",
  "metadata.azure.com",
  "metadata.tencentyun.com",
  "instance-data",
  "instance-data.ec2.internal",
];

/**
 * Public names that resolve to this machine, or to whatever address is written into them. A worker does not see what a
 * name resolves to, so these are known by name.
 */
const REBINDING_SUFFIXES = [
  "1u.ms",
  "backname.io",
  "ddev.site",
  "fuf.me",
  "lacolhost.com",
  "lndo.site",
  "local.gd",
  "localho.st",
  "localhost.direct",
  "localtest.me",
  "lvh.me",
  "nip.io",
  "rbndr.us",
  "sslip.io",
  "traefik.me",
  "vcap.me",
  "xip.io",
  "yoogle.com",
];

/** What a host name says of the address behind it. @param name In lower case, as the URL parser leaves it. */
export function hostNameKind(name: string): IpKind {
  if (isUnder(name, METADATA_NAMES)) return "metadata";
  if (isUnder(name, PRIVATE_SUFFIXES) || !name.includes(".")) return "private";
  if (isUnder(name, REBINDING_SUFFIXES)) return "special";
  return embeddedKind(name);
}

function isUnder(name: string, suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/** As the services above do it: `10.0.0.1.example.com` and `10-0-0-1.example.com`. */
function embeddedKind(name: string): IpKind {
  const dotted = `.${name}`.matchAll(/(?<=\.)(?=((?:\d{1,3}\.){4}))/g);
  const dashed = `.${name}`.matchAll(/(?<=\.)(?=((?:\d{1,3}-){3}\d{1,3}\.))/g);
  for (const [, found = ""] of [...dotted, ...dashed]) {
    const octets = found.slice(0, -1).split(/[.-]/).map(Number);
    if (octets.every((octet) => octet <= 255) && ipv4Kind(octets.join(".")) !== "public") return "special";
  }
  return "public";
}
