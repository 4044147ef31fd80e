import type { ReactNode } from "react";
import { hrefInList, useRoute } from "./route.ts";

/** A list, and beside it what is chosen from it. On a phone one of the two is there. */
export function Split({ master, detail }: { readonly master: ReactNode; readonly detail: ReactNode }) {
  const { view } = useRoute();
  const chosen = detail !== undefined && detail !== null;
  return (
    <div className="split" data-chosen={chosen}>
      <div className="split-master">{master}</div>
      {chosen && (
        <div className="split-detail">
          <a className="split-back" href={hrefInList(view)}>
            ‹ Back to the list
          </a>
          {detail}
        </div>
      )}
    </div>
  );
}
