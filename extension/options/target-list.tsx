import { Button } from "../../ui/controls/button.tsx";
import type { KnownServer } from "../servers/known-servers.ts";
import { removeTarget, type Target, WHAT_WORDS } from "../targets/targets.ts";
import { AddTarget } from "./add-target.tsx";

export interface TargetListProps {
  readonly servers: readonly KnownServer[];
  readonly entries: readonly Target[];
}

/** What the context menu of every page offers to send, and where. */
export function TargetList({ servers, entries }: TargetListProps) {
  const nameOf = (url: string): string => servers.find((server) => server.url === url)?.name ?? url;
  return (
    <section className="targets" aria-labelledby="targets-title">
      <h2 id="targets-title">Send from the context menu</h2>
      <p className="quiet">
        A right click on a page offers these. The page is looked into for its DOI only then, and only that
        page.
      </p>
      <ul className="server-list">
        {entries.map(({ id, title, what, endpoint, tool, argument }) => (
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
