import { useEffect, useState } from "react";
import { followServers, type KnownServer, knownServers } from "./known-servers.ts";

/** The servers, as they stand now; `undefined` until they are read. */
export function useKnownServers(): readonly KnownServer[] | undefined {
  const [servers, setServers] = useState<readonly KnownServer[]>();
  useEffect(() => {
    void knownServers().then(setServers);
    return followServers(setServers);
  }, []);
  return servers;
}
