import { convertIPv4ToBinary, convertIPv6ToBinary } from "hono/utils/ipaddr";

/** What an address is for. Only `public` ones are for everyone; `private` ones are someone's own network or machine. */
export type IpKind = "public" | "private" | "metadata" | "special";

type Range = readonly [network: string, prefixLength: number, kind: IpKind];

/**
 * IANA's special-purpose registry, and where clouds keep the credentials of what runs in them.
 * The first range that an address is in decides.
 */
const IPV4_RANGES: readonly Range[] = [
  ["169.254.169.254", 32, "metadata"],
  ["169.254.170.2", 32, "metadata"], // AWS ECS
  ["169.254.170.23", 32, "metadata"], // AWS EKS
  ["100.100.100.200", 32, "metadata"], // Alibaba
  ["192.0.0.192", 32, "metadata"], // Oracle
  ["168.63.129.16", 32, "metadata"], // Azure
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "private"], // behind a carrier's NAT
  ["127.0.0.0", 8, "private"],
  ["169.254.0.0", 16, "private"], // link-local
  ["172.16.0.0", 12, "private"],
  ["192.168.0.0", 16, "private"],
  ["0.0.0.0", 8, "special"],
  ["192.0.0.0", 24, "special"], // protocol assignments
  ["192.0.2.0", 24, "special"], // documentation
  ["192.31.196.0", 24, "special"], // AS112
  ["192.52.193.0", 24, "special"], // AMT
  ["192.88.99.0", 24, "special"], // 6to4 relays
  ["192.175.48.0", 24, "special"], // AS112
  ["198.18.0.0", 15, "special"], // benchmarking
  ["198.51.100.0", 24, "special"], // documentation
  ["203.0.113.0", 24, "special"], // documentation
  ["224.0.0.0", 4, "special"], // multicast
  ["240.0.0.0", 4, "special"], // reserved, and broadcast
  ["0.0.0.0", 0, "public"],
];

const IPV6_RANGES: readonly Range[] = [
  ["fd00:ec2::254", 128, "metadata"], // AWS
  ["fd00:ec2::23", 128, "metadata"], // AWS EKS
  ["fd20:ce::254", 128, "metadata"], // Google
  ["fd00:c1::a9fe:a9fe", 128, "metadata"], // Oracle
  ["::1", 128, "private"],
  ["fc00::", 7, "private"], // unique local
  ["fe80::", 10, "private"], // link-local
  ["fec0::", 10, "private"], // site-local, as it once was
  ["2001::", 23, "special"], // protocol assignments: Teredo, benchmarking, ORCHID
  ["2001:db8::", 32, "special"], // documentation
  ["2620:4f:8000::", 48, "special"], // AS112
  ["3fff::", 20, "special"], // documentation
  ["2000::", 3, "public"],
  // What is not global unicast is nothing a server listens on: unspecified, multicast, discard-only, segment routing, reserved.
  ["::", 0, "special"],
];

/** IPv6 addresses that lead to the IPv4 address inside: prefix, its length, and how far right the 32 bits end. */
const EMBEDDING: readonly (readonly [network: string, prefixLength: number, shift: bigint])[] = [
  ["::ffff:0:0", 96, 0n], // mapped
  ["::ffff:0:0:0", 96, 0n], // translated (SIIT)
  ["64:ff9b::", 96, 0n], // NAT64
  ["2002::", 16, 80n], // 6to4
];

/** @param address Four decimal numbers with dots, as the URL parser leaves them. */
export function ipv4Kind(address: string): IpKind {
  return kindIn(IPV4, convertIPv4ToBinary(address));
}

/** @param address Without brackets, as the URL parser leaves it. */
export function ipv6Kind(address: string): IpKind {
  const bits = convertIPv6ToBinary(address);
  const embedding = EMBEDDED.find(({ network, free }) => bits >> free === network >> free);
  if (embedding) return kindIn(IPV4, (bits >> embedding.shift) & 0xffff_ffffn);
  return kindIn(IPV6, bits);
}

interface Block {
  readonly network: bigint;
  /** How many bits at the right are not part of the prefix. */
  readonly free: bigint;
  readonly kind: IpKind;
}

const IPV4 = IPV4_RANGES.map(
  ([network, length, kind]): Block => ({
    network: convertIPv4ToBinary(network),
    free: BigInt(32 - length),
    kind,
  }),
);
const IPV6 = IPV6_RANGES.map(
  ([network, length, kind]): Block => ({
    network: convertIPv6ToBinary(network),
    free: BigInt(128 - length),
    kind,
  }),
);
const EMBEDDED = EMBEDDING.map(([network, length, shift]) => ({
  network: convertIPv6ToBinary(network),
  free: BigInt(128 - length),
  shift,
}));

function kindIn(blocks: readonly Block[], bits: bigint): IpKind {
  // The last block of each table holds every address.
  return blocks.find(({ network, free }) => bits >> free === network >> free)?.kind ?? "special";
}
