import { Button } from "../../ui/controls/button.tsx";
import type { Access } from "../servers/access.ts";
import type { KnownServer } from "../servers/known-servers.ts";
import { useAccess } from "../servers/use-access.ts";
import { useKnownServers } from "../servers/use-known-servers.ts";

const LACKS: Readonly<Record<Exclude<Access, "ready">, string>> = {
  "no permission": "is closed to the extension",
  "no header": "wants its header again",
  "no sign-in": "wants you to sign in",
};

/** The servers that cannot be called now, and the way to where that is mended. */
export function Unready() {
  const servers = useKnownServers();
  if (servers?.length === 0)
    return (
      <div className="unready">
        <p>There is no server yet.</p>
        <Button size="small" onClick={() => void chrome.runtime.openOptionsPage()}>
          Add a server
        </Button>
      </div>
    );
  return servers?.map((server) => <UnreadyServer key={server.url} server={server} />);
}

function UnreadyServer({ server }: { readonly server: KnownServer }) {
  const access = useAccess(server);
  if (access === undefined || access === "ready") return null;
  return (
    <div className="unready" role="status">
      <p>
        <bdi>{server.name}</bdi> {LACKS[access]}: its tasks wait.
      </p>
      <Button size="small" variant="default" onClick={() => void chrome.runtime.openOptionsPage()}>
        See to it
      </Button>
    </div>
  );
}
