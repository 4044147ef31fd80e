import { useEffect } from "react";
import { useTaskListing } from "../../ui/clients/hooks.ts";

/** Says on the document that the tasks are there, for tests and scripts outside the page. */
export function useReadyMark(): void {
  const { status } = useTaskListing();
  useEffect(() => {
    if (status !== "loading") document.documentElement.dataset.ready = "true";
  }, [status]);
}
