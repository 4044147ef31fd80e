import { type FormEvent, useState } from "react";
import { hrefOf } from "../../ui/app/route.ts";
import { Button } from "../../ui/controls/button.tsx";
import { Select } from "../../ui/controls/choice.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { HeaderFields } from "../../ui/servers/header-fields.tsx";
import { type HeaderSecret, headerProblem, keepHeader } from "../../ui/servers/header-secret.ts";
import type { Authorization } from "../../ui/servers/server.ts";
import { addServer } from "./known-servers.ts";

/** Adds a server by its address. */
export function AddServer() {
  const [address, setAddress] = useState("");
  const [authorization, setAuthorization] = useState<Authorization>("none");
  const [secret, setSecret] = useState<HeaderSecret>({ name: "Authorization", value: "" });
  const [problem, setProblem] = useState<string>();
  const add = (event: FormEvent): void => {
    event.preventDefault();
    const invalid = problemOf(address) ?? (authorization === "header" ? headerProblem(secret) : undefined);
    setProblem(invalid);
    if (invalid !== undefined) return;
    addServer(address, authorization).then(
      (name) => {
        if (authorization === "header") keepHeader(name, secret);
        location.hash = hrefOf("servers", name);
        // The client is made with its servers: a new page has one that knows this one too. Tasks go on meanwhile.
        location.reload();
      },
      (error: unknown) => setProblem(`The address could not be stored, so it was not added: ${error}`),
    );
  };
  return (
    <form className="add-server" onSubmit={add} noValidate aria-labelledby="add-title">
      <h2 id="add-title">Add a server</h2>
      <TextField
        label="Address"
        description="The address of an MCP server (Streamable HTTP) that allows this page by CORS"
        name="address"
        type="url"
        placeholder="https://example.com/mcp"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        error={problem}
      />
      <Select
        label="Authorization"
        value={authorization}
        onChange={(event) => setAuthorization(event.currentTarget.value as Authorization)}
        data={[
          { value: "none", label: "None" },
          { value: "header", label: "A header, such as a bearer token" },
          { value: "oauth", label: "OAuth: sign in with the server" },
        ]}
      />
      {authorization === "header" && <HeaderFields secret={secret} onChange={setSecret} />}
      {authorization === "oauth" && (
        <p className="quiet">
          You sign in on the server's own page, whose address is shown before. The tokens are kept for this
          tab, until it is closed.
        </p>
      )}
      <Button type="submit" name="connect">
        Add
      </Button>
    </form>
  );
}

function problemOf(address: string): string | undefined {
  if (!URL.canParse(address))
    return `${JSON.stringify(address)} is not an address. It must begin with https:// or http://`;
  const { protocol, username, password } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:") return "Only https and http can be called from a page";
  if (username !== "" || password !== "")
    return "Addresses are stored. Give the password as a header instead";
  return undefined;
}
