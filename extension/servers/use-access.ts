import { useEffect, useState } from "react";
import { type Access, accessTo } from "./access.ts";
import type { KnownServer } from "./known-servers.ts";

/** Whether a server can be called, as it stands now; `undefined` until it is known. */
export function useAccess(server: KnownServer): Access | undefined {
  const [found, setFound] = useState<{ readonly of: KnownServer; readonly access: Access }>();
  useEffect(() => {
    let current = true;
    const look = (): void =>
      void accessTo(server).then((access) => {
        if (current) setFound({ of: server, access });
      });
    look();
    const events = [chrome.permissions.onAdded, chrome.permissions.onRemoved];
    for (const event of events) event.addListener(look);
    chrome.storage.onChanged.addListener(look);
    return () => {
      current = false;
      for (const event of events) event.removeListener(look);
      chrome.storage.onChanged.removeListener(look);
    };
  }, [server]);
  return found?.of === server ? found.access : undefined;
}
