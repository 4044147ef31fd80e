import { useFollowed } from "../../ui/app/followed.ts";
import { hrefOf } from "../../ui/app/route.ts";
import { Split } from "../../ui/app/split.tsx";
import { useServers, useWorkspace } from "../../ui/clients/workspace-context.ts";
import { ButtonLink } from "../../ui/controls/button.tsx";
import type { Server } from "../../ui/servers/server.ts";
import { AddServer } from "./add-server.tsx";
import { ServerView } from "./server-view.tsx";
import "../../ui/servers/servers.css";

const WORDS = {
  local: { tag: "this page", title: "This page calls it, while it is open" },
  edge: { tag: "worker", title: "The worker calls it, with no page open" },
} as const satisfies Record<Server["mode"], { readonly tag: string; readonly title: string }>;

/** The servers the page knows, and a form for another. */
export function ServersView({ chosen }: { readonly chosen: string | undefined }) {
  const servers = useServers();
  const { signInAt, complete: known } = useWorkspace();
  const complete = useFollowed(known);
  const server = servers.find(({ name }) => name === chosen);
  const master = (
    <div className="servers-pane">
      {signInAt !== undefined && (
        <p className="sign-in-first">
          <ButtonLink size="small" href={signInAt}>
            Sign in
          </ButtonLink>{" "}
          to see the servers that the worker calls for you.
        </p>
      )}
      {servers.length === 0 && signInAt === undefined && (
        <p className="quiet">No servers yet. Add one by its address, or configure endpoints of the worker.</p>
      )}
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
                <span className="tag" title={WORDS[mode].title}>
                  {WORDS[mode].tag}
                </span>
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
