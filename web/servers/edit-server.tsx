import { type FormEvent, useState } from "react";
import { problem } from "../../ui/app/problems.ts";
import { hrefOf } from "../../ui/app/route.ts";
import { offerUndo } from "../../ui/app/undo.ts";
import { useServers, useWorkspace } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { dropHeader, keepHeader, keptHeader } from "../../ui/servers/header-secret.ts";
import type { Server } from "../../ui/servers/server.ts";
import { addedServers, moveServer, removeServer, renameServer } from "./known-servers.ts";

/** What a person may change of a server that was added: its name, its place in the list, and whether it is there. */
export function EditServer({ server }: { readonly server: Server }) {
  const { servers } = useWorkspace();
  const added = useServers().filter((each) => each.added);
  const at = added.findIndex(({ name }) => name === server.name);
  const [title, setTitle] = useState(server.title === server.url ? "" : server.title);

  const change = (what: Promise<unknown>): Promise<void> =>
    what.then(
      async () => {
        const now = await addedServers();
        const others = servers.get().filter((each) => !each.added);
        const edge = others.findIndex(({ mode }) => mode === "edge");
        servers.set(others.toSpliced(edge === -1 ? others.length : edge, 0, ...now));
      },
      (error: unknown) => problem.set(`The list of servers could not be changed: ${error}`),
    );
  const rename = (event: FormEvent): void => {
    event.preventDefault();
    void change(renameServer(server.name, title.trim()));
  };
  const remove = async (): Promise<void> => {
    const secret = keptHeader(server.name);
    const putBack = await removeServer(server.name);
    dropHeader(server.name);
    await change(Promise.resolve());
    location.hash = hrefOf("servers");
    offerUndo(`${server.title} is removed. Its tasks stay stored.`, () => {
      if (secret) keepHeader(server.name, secret);
      void change(putBack());
    });
  };
  return (
    <section className="edit-server" aria-label="This server in your list">
      <form className="rename" onSubmit={rename}>
        <TextField
          label="Name"
          placeholder={server.url}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Button type="submit" size="small" variant="default">
          Rename
        </Button>
      </form>
      <div className="edit-actions">
        <Button
          size="small"
          variant="default"
          disabled={at <= 0}
          onClick={() => void change(moveServer(server.name, -1))}
        >
          Move up
        </Button>
        <Button
          size="small"
          variant="default"
          disabled={at === added.length - 1}
          onClick={() => void change(moveServer(server.name, 1))}
        >
          Move down
        </Button>
        <Button
          size="small"
          variant="default"
          onClick={() =>
            void remove().catch((error: unknown) => problem.set(`The server could not be removed: ${error}`))
          }
        >
          Remove this server
        </Button>
      </div>
    </section>
  );
}
