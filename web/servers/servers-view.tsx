import { useFollowed } from "../../ui/app/followed.ts";
import { hrefOf } from "../../ui/app/route.ts";
import { Split } from "../../ui/app/split.tsx";
import { useServers, useWorkspace } from "../../ui/clients/workspace-context.ts";
import { AddServer } from "./add-server.tsx";
import { ServerView } from "./server-view.tsx";
import "../../ui/servers/servers.css";

/** The servers the page knows, and a form for another. */
export function ServersView({ chosen }: { readonly chosen: string | undefined }) {
  const servers = useServers();
  const complete = useFollowed(useWorkspace().complete);
  const server = servers.find(({ name }) => name === chosen);
  const master = (
    <div className="servers-pane">
      <ul className="server-list" aria-label="Servers">
        {servers.map(({ name, title, mode, url }) => (
          <li key={name}>
            <a
              className="server"
              href={hrefOf("servers", name)}
              aria-current={name === chosen ? "true" : undefined}
            >
              <span className="server-name">
                <bdi>{title}</bdi>
                <span className="tag">{mode === "edge" ? "worker" : "page"}</span>
              </span>
              {url !== undefined && url !== title && <bdi className="quiet mono">{url}</bdi>}
            </a>
          </li>
        ))}
      </ul>
      <AddServer />
    </div>
  );
  const detail = server ? (
    <ServerView key={server.name} server={server} />
  ) : chosen !== undefined && complete ? (
    <p role="alert">There is no server named {chosen} here. Add it by its address.</p>
  ) : undefined;
  return <Split master={master} detail={detail} />;
}
