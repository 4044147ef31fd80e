import { requestHost } from "holdfast/extension/page";
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import { Select } from "../../ui/controls/choice.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { HeaderFields } from "../../ui/servers/header-fields.tsx";
import { type HeaderSecret, headerProblem } from "../../ui/servers/header-secret.ts";
import type { Authorization } from "../../ui/servers/server.ts";
import { reloadServers } from "../app/messages.ts";
import { type Keeping, putServer } from "../servers/known-servers.ts";
import { dropSecret, keepSecret } from "../servers/secrets.ts";
import { addressProblem } from "./address-problem.ts";
import { AUTHORIZATIONS, KEEPING_LABELS, KEEPING_WORDS } from "./keeping-words.ts";

const NO_SECRET: HeaderSecret = { name: "Authorization", value: "" };

const SENT_WORDS = "Sent to this server alone, and shown nowhere";

/** Adds a server by its address. The browser asks whether the extension may go there. */
export function AddServer() {
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const [authorization, setAuthorization] = useState<Authorization>("none");
  const [keeping, setKeeping] = useState<Keeping>("until the browser closes");
  const [secret, setSecret] = useState(NO_SECRET);
  const [problem, setProblem] = useState<string>();
  const add = async (): Promise<void> => {
    const invalid =
      addressProblem(address) ?? (authorization === "header" ? headerProblem(secret) : undefined);
    if (invalid !== undefined) return setProblem(invalid);
    const { href, host } = new URL(address);
    // First of all: a browser asks only as long as the click is fresh.
    if (!(await requestHost(href))) {
      return setProblem(
        `The server was not added: the extension has no permission to access ${host}. Press Add again, and allow it.`,
      );
    }
    if (authorization === "header") await keepSecret(href, secret, keeping);
    else await dropSecret(href);
    await putServer({ url: href, name: name.trim() || host, authorization, keeping });
    // Before the worker has taken it: the next address may be typed meanwhile.
    setProblem(undefined);
    setAddress("");
    setName("");
    setAuthorization("none");
    setSecret(NO_SECRET);
    await reloadServers();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add().catch((error: unknown) => setProblem(`The server was not added: ${error}`));
  };
  return (
    <form className="add-server" onSubmit={submit} noValidate aria-labelledby="add-title">
      <h2 id="add-title">Add a server</h2>
      <TextField
        label="Address"
        description="The address of an MCP server (Streamable HTTP). The browser asks whether the extension may access it."
        name="address"
        type="url"
        placeholder="https://example.com/mcp"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        error={problem}
      />
      <TextField
        label="Name"
        description="A name for the server; by default its host"
        name="name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label="Authorization"
        name="authorization"
        value={authorization}
        onChange={(event) => setAuthorization(event.currentTarget.value as Authorization)}
        data={[...AUTHORIZATIONS]}
      />
      {authorization === "oauth" && (
        <p className="quiet">
          You sign in on the server's own page, in a window of its own. Its address is shown before it opens.
        </p>
      )}
      {authorization !== "none" && (
        <Select
          label={authorization === "oauth" ? "Remember the sign-in" : "Remember the header"}
          description={KEEPING_WORDS[keeping]}
          name="keeping"
          value={keeping}
          onChange={(event) => setKeeping(event.currentTarget.value as Keeping)}
          data={[...KEEPING_LABELS]}
        />
      )}
      {authorization === "header" && <HeaderFields secret={secret} onChange={setSecret} kept={SENT_WORDS} />}
      <Button type="submit" name="add">
        Add
      </Button>
    </form>
  );
}
