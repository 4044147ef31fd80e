import { useEffect, useState } from "react";
import { followTargets, type Target, targets } from "./targets.ts";

/** The entries of the context menu, as they stand now. */
export function useTargets(): readonly Target[] {
  const [all, setAll] = useState<readonly Target[]>([]);
  useEffect(() => {
    void targets().then(setAll);
    return followTargets(setAll);
  }, []);
  return all;
}
