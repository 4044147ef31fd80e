import { useEffect } from "react";
import { goTo, useRoute } from "../../ui/app/route.ts";

/** The console's links to its servers lead to the options page here. */
export function useOptionsForServers(): void {
  const { view } = useRoute();
  useEffect(() => {
    if (view !== "servers") return;
    void chrome.runtime.openOptionsPage();
    goTo("tasks");
  }, [view]);
}
