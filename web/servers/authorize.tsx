import { type FormEvent, useState } from "react";
import { useFollowed } from "../../ui/app/followed.ts";
import { Button, ButtonLink } from "../../ui/controls/button.tsx";
import { HeaderFields } from "../../ui/servers/header-fields.tsx";
import { type HeaderSecret, headerProblem, keepHeader, keptHeader } from "../../ui/servers/header-secret.ts";
import type { Server } from "../../ui/servers/server.ts";
import { signInOf, signIns } from "./sign-in.ts";

/** What a server still needs to know of who calls it. */
export function Authorize({ server }: { readonly server: Server }) {
  switch (server.authorization) {
    case "none":
      return null;
    case "header":
      return <GiveHeader server={server} />;
    case "oauth":
      return <SignInHere server={server} />;
  }
}

function GiveHeader({ server }: { readonly server: Server }) {
  const kept = keptHeader(server.name);
  const [secret, setSecret] = useState<HeaderSecret>(kept ?? { name: "Authorization", value: "" });
  const [problem, setProblem] = useState<string>();
  const give = (event: FormEvent): void => {
    event.preventDefault();
    const invalid = headerProblem(secret);
    setProblem(invalid);
    if (invalid !== undefined) return;
    keepHeader(server.name, secret);
    location.reload();
  };
  return (
    <form className="authorize" onSubmit={give}>
      {!kept && <p>This server needs a header, and this tab does not have it.</p>}
      <HeaderFields secret={secret} onChange={setSecret} />
      {problem && <p role="alert">{problem}</p>}
      <Button type="submit" size="small" variant={kept ? "default" : "filled"}>
        {kept ? "Change it" : "Use it"}
      </Button>
    </form>
  );
}

function SignInHere({ server }: { readonly server: Server }) {
  const address = useFollowed(signIns).get(server.name);
  if (!address)
    return (
      <p className="quiet">
        {signInOf(server.name).signedIn
          ? "Signed in, for this tab."
          : "Not signed in: asking the server where to…"}
      </p>
    );
  return (
    <div className="authorize">
      <p>This server wants you to sign in, at this address:</p>
      <p className="address mono">
        <bdi>{`${address.origin}${address.pathname}`}</bdi>
      </p>
      <ButtonLink href={address.href} rel="noreferrer">
        Sign in at {address.host}
      </ButtonLink>
    </div>
  );
}
