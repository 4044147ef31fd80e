import { useEffect, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import type { KnownServer } from "../servers/known-servers.ts";
import { followTargets, removeTarget, type Target, targets, WHAT_WORDS } from "../targets/targets.ts";
import { AddTarget } from "./add-target.tsx";

/** What the context menu of every page offers to send, and where. */
export function TargetList({ servers }: { readonly servers: readonly KnownServer[] }) {
  const [all, setAll] = useState<readonly Target[]>([]);
  useEffect(() => {
    void targets().then(setAll);
    return followTargets(setAll);
  }, []);
  const nameOf = (url: string): string => servers.find((server) => server.url === url)?.name ?? url;
  return (
    <section className="targets" aria-labelledby="targets-title">
      <h2 id="targets-title">Send from the context menu</h2>
      <p className="quiet">
        A right click on a page offers these. The page is looked into for its DOI only then, and only that
        page.
      </p>
      <ul className="server-list">
        {all.map(({ id, title, what, endpoint, tool, argument }) => (
          <li key={id} className="server-card" data-target={id}>
            <div className="section-heading">
              <h3>
                <bdi>{title}</bdi>
              </h3>
              <Button size="compact" variant="default" onClick={() => void removeTarget(id)}>
                Remove
              </Button>
            </div>
            <p className="quiet">
              {WHAT_WORDS[what]} as <bdi className="mono">{argument}</bdi> of{" "}
              <bdi className="mono">{tool}</bdi> at <bdi>{nameOf(endpoint)}</bdi>
            </p>
          </li>
        ))}
      </ul>
      {servers.length > 0 && <AddTarget servers={servers} />}
    </section>
  );
}
