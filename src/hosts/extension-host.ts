import type { Alarm } from "../runtime/alarm.ts";
import { tabs } from "../runtime/tab-group.ts";
import { browserTabs } from "../runtime/tab-platform.ts";
import type { Host } from "./host.ts";
import { timerHost } from "./timer-host.ts";

/**
 * The background of an extension: timers while it lives, and an alarm for when the browser has ended it. It shares its store
 * with pages of the extension that have a client of their own. The page that made a plain call may be closed when it ends.
 */
export function extensionHost(alarm: Alarm): Host {
  const platform = browserTabs();
  // The service listens for the network itself, so that it can wake a worker.
  const { onOnline: _own, ...host } = timerHost();
  return {
    ...host,
    alarm,
    persistPlain: true,
    timing: { persistPace: true },
    // An event page (Firefox) has a document that nobody ever sees, and is throttled as little as a worker.
    ...(platform && {
      ownership: tabs({ ...platform, visible: () => true, onVisible: () => () => undefined }),
    }),
  };
}
