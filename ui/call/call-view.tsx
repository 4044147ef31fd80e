import { useEffect, useId, useState } from "react";
import { Failed } from "../app/failed.tsx";
import { useFollowed } from "../app/followed.ts";
import { goTo, hrefOf } from "../app/route.ts";
import { Skeleton } from "../app/skeleton.tsx";
import { Split } from "../app/split.tsx";
import { useServers } from "../clients/workspace-context.ts";
import { Select } from "../controls/choice.tsx";
import { TextField } from "../controls/text-field.tsx";
import { useSession } from "../servers/use-session.ts";
import { CallForm } from "./call-form.tsx";
import { draftsGiven } from "./drafts.ts";
import { SavedList } from "./saved-list.tsx";
import { supportOf } from "./task-support.ts";
import { matching } from "./tool-search.ts";
import { useTools } from "./use-tools.ts";
import "./call.css";

/** Choose a server, a tool of it, and call that. */
export function CallView({ server, tool: named }: { readonly server?: string; readonly tool?: string }) {
  const servers = useServers();
  // The address comes first: a reload, a link, what was called last.
  const chosen = server ?? remembered(servers.map(({ name }) => name)) ?? servers[0]?.name;
  useEffect(() => {
    if (chosen !== undefined) lastServer = chosen;
  }, [chosen]);
  const found = useTools(chosen);
  const session = useSession(chosen, found.status === "known");
  const [search, setSearch] = useState("");
  const listId = useId();
  const given = useFollowed(draftsGiven);
  const tools = found.status === "known" ? found.tools : [];
  const tool = tools.find(({ name }) => name === named);
  const known = chosen !== undefined && servers.some(({ name }) => name === chosen);
  const master = (
    <section id="call" data-tools-of={found.status === "known" ? found.of : ""} aria-label="Tools">
      <Select
        label="Server"
        name="server"
        value={chosen ?? ""}
        onChange={(event) => goTo("call", event.currentTarget.value)}
        data={[
          ...servers.map(({ name, title, mode }) => ({
            value: name,
            label: mode === "edge" ? `${title} (worker)` : title,
          })),
          ...(chosen !== undefined && !known ? [{ value: chosen, label: `${chosen} (unknown here)` }] : []),
        ]}
      />
      <a className="quiet-link" href={hrefOf("servers")}>
        Add another server…
      </a>
      <SavedList />
      <TextField
        aria-label="Search tools"
        placeholder="Search tools"
        type="search"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        aria-controls={listId}
      />
      {found.status === "asking" && <Skeleton label="Asking for the tools…" bars={4} height={4} />}
      {found.status === "failed" && <Failed problem={found.problem} again={found.again} />}
      {found.status === "known" && tools.length === 0 && <p className="quiet">This server has no tools.</p>}
      <ul className="tool-list" id={listId}>
        {matching(tools, search).map((listed) => (
          <li key={listed.name}>
            <a
              className="tool"
              href={hrefOf("call", chosen ?? "", listed.name)}
              aria-current={listed.name === named ? "true" : undefined}
            >
              <span className="tool-name">
                <bdi>{listed.name}</bdi>
                <span className="tag">{supportOf(listed, session).word}</span>
              </span>
              {typeof listed.definition.description === "string" && (
                <bdi className="quiet tool-about">{listed.definition.description.slice(0, 300)}</bdi>
              )}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
  const detail =
    chosen !== undefined && tool ? (
      <CallForm
        key={`${chosen} ${tool.name} ${given}`}
        server={chosen}
        tool={tool}
        support={supportOf(tool, session)}
      />
    ) : named !== undefined && found.status === "known" ? (
      <p role="alert">This server has no tool named {named}. Choose one from the list.</p>
    ) : undefined;
  return <Split master={master} detail={detail} />;
}

let lastServer: string | undefined;

function remembered(known: readonly string[]): string | undefined {
  return lastServer !== undefined && known.includes(lastServer) ? lastServer : undefined;
}
