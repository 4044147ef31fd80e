import { requestHost } from "holdfast/extension/page";
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import { Select } from "../../ui/controls/choice.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { HeaderFields } from "../../ui/servers/header-fields.tsx";
import { type HeaderSecret, headerProblem } from "../../ui/servers/header-secret.ts";
import { reloadServers } from "../app/messages.ts";
import { putServer, type Secrecy } from "../servers/known-servers.ts";
import { dropSecret, keepSecret } from "../servers/secrets.ts";
import { addressProblem } from "./address-problem.ts";
import { KEPT_WORDS, SECRECIES } from "./secrecy-words.ts";

const NO_SECRET: HeaderSecret = { name: "Authorization", value: "" };

/** Adds a server by its address. The browser asks whether the extension may go there. */
export function AddServer() {
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const [header, setHeader] = useState<Secrecy>("none");
  const [secret, setSecret] = useState(NO_SECRET);
  const [problem, setProblem] = useState<string>();
  const add = async (): Promise<void> => {
    const invalid = addressProblem(address) ?? (header === "none" ? undefined : headerProblem(secret));
    if (invalid !== undefined) return setProblem(invalid);
    const { href, host } = new URL(address);
    // First of all: a browser asks only as long as the click is fresh.
    if (!(await requestHost(href))) {
      return setProblem(
        `The server was not added: the extension has no permission to access ${host}. Press Add again, and allow it.`,
      );
    }
    if (header === "none") await dropSecret(href);
    else await keepSecret(href, secret, header);
    await putServer({ url: href, name: name.trim() || host, header });
    await reloadServers();
    setProblem(undefined);
    setAddress("");
    setName("");
    setHeader("none");
    setSecret(NO_SECRET);
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
        value={header}
        onChange={(event) => setHeader(event.currentTarget.value as Secrecy)}
        data={[...SECRECIES]}
      />
      {header !== "none" && <HeaderFields secret={secret} onChange={setSecret} kept={KEPT_WORDS[header]} />}
      <Button type="submit" name="add">
        Add
      </Button>
    </form>
  );
}
