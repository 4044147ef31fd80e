import { ColorScheme } from "../../ui/app/color-scheme.tsx";
import { useReadyMark } from "../app/ready.ts";
import { useKnownServers } from "../servers/use-known-servers.ts";
import { StoredSection } from "../stored/stored-section.tsx";
import { useTargets } from "../targets/use-targets.ts";
import { AddServer } from "./add-server.tsx";
import { ServerCard } from "./server-card.tsx";
import { TargetList } from "./target-list.tsx";
import "../../ui/servers/servers.css";
import "./options.css";

/** The servers and how they are shown who calls, what the context menu sends where, and what is stored. */
export function Options() {
  const servers = useKnownServers();
  const entries = useTargets();
  useReadyMark();
  return (
    <main className="options">
      <header className="options-header">
        <h1>
          <img src="/icons/icon-48.png" alt="" width="28" height="28" />
          <span>Holdfast: options</span>
        </h1>
        <ColorScheme />
      </header>
      <section aria-labelledby="servers-title">
        <h2 id="servers-title">Servers</h2>
        {servers?.length === 0 && <p className="quiet">None yet. Add one, and its tools can be called.</p>}
        <ul className="server-list">
          {servers?.map((server) => (
            <li key={server.url}>
              <ServerCard server={server} />
            </li>
          ))}
        </ul>
      </section>
      <AddServer />
      {servers && <TargetList servers={servers} entries={entries} />}
      {servers && <StoredSection servers={servers} entries={entries} />}
    </main>
  );
}
