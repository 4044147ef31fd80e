import { type FormEvent, useState } from "react";
import { dropTools } from "../../ui/call/tool-lists.ts";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { HeaderFields } from "../../ui/servers/header-fields.tsx";
import { type HeaderSecret, headerProblem } from "../../ui/servers/header-secret.ts";
import type { KnownServer } from "../servers/known-servers.ts";
import { keepSecret } from "../servers/secrets.ts";
import { KEEPING_WORDS } from "./keeping-words.ts";

/** Takes the header of a server anew. The one it has is not shown. */
export function GiveHeader({ server, lacking }: { readonly server: KnownServer; readonly lacking: boolean }) {
  const { url, keeping } = server;
  const { client } = useWorkspace();
  const [secret, setSecret] = useState<HeaderSecret>({ name: "Authorization", value: "" });
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (!lacking && !asked)
    return (
      <Button size="compact" variant="default" onClick={() => setAsked(true)}>
        Change its header
      </Button>
    );
  const give = async (): Promise<void> => {
    const invalid = headerProblem(secret);
    if (invalid !== undefined) return setProblem(invalid);
    await keepSecret(url, secret, keeping);
    dropTools(url);
    client.nudge();
    setAsked(false);
    setSecret({ ...secret, value: "" });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setProblem(undefined);
    give().catch((error: unknown) => setProblem(String(error)));
  };
  return (
    <form className="give-header" onSubmit={submit}>
      <HeaderFields secret={secret} onChange={setSecret} kept={KEEPING_WORDS[keeping]} />
      {problem && <p role="alert">{problem}</p>}
      <Button type="submit" size="small">
        Use it
      </Button>
    </form>
  );
}
