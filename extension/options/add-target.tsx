import type { ListedTool } from "holdfast";
import { type FormEvent, useState } from "react";
import { useTools } from "../../ui/call/use-tools.ts";
import { Button } from "../../ui/controls/button.tsx";
import { Select } from "../../ui/controls/choice.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { parseObject } from "../../ui/form/json-object.ts";
import { isRecord } from "../app/is-record.ts";
import type { KnownServer } from "../servers/known-servers.ts";
import { putTarget, WHAT_WORDS, WHATS, type What } from "../targets/targets.ts";

/** Makes an entry of the context menu. */
export function AddTarget({ servers }: { readonly servers: readonly KnownServer[] }) {
  const [what, setWhat] = useState<What>("selection");
  const [wishedServer, setServer] = useState("");
  const [wishedTool, setTool] = useState("");
  const [wishedArgument, setArgument] = useState("");
  const [title, setTitle] = useState("");
  const [others, setOthers] = useState("");
  const [problem, setProblem] = useState<string>();
  const endpoint = servers.find(({ url }) => url === wishedServer)?.url ?? servers[0]?.url;
  const found = useTools(endpoint);
  const tools = found.status === "known" ? found.tools : [];
  const tool = tools.find(({ name }) => name === wishedTool) ?? tools[0];
  const args = tool ? argumentsOf(tool) : [];
  const argument = args.includes(wishedArgument) ? wishedArgument : (args[0] ?? wishedArgument);
  const suggested = tool ? `Send ${WHAT_WORDS[what].replace(/^The/, "the")} to ${tool.name}` : "";
  const add = async (): Promise<void> => {
    const parsed = others.trim() === "" ? { ok: true as const, value: {} } : parseObject(others);
    if (!parsed.ok) return setProblem(parsed.problem);
    if (endpoint === undefined || !tool || argument === "")
      return setProblem("Choose a tool and an argument of it.");
    const id = crypto.randomUUID();
    const named = title.trim() || suggested;
    await putTarget({ id, title: named, what, endpoint, tool: tool.name, argument, others: parsed.value });
    setProblem(undefined);
    setTitle("");
    setOthers("");
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add().catch((error: unknown) => setProblem(String(error)));
  };
  return (
    <form className="add-server" onSubmit={submit} noValidate aria-labelledby="add-target-title">
      <h3 id="add-target-title">Add an entry</h3>
      <Select
        label="Send"
        name="what"
        value={what}
        onChange={(event) => setWhat(event.currentTarget.value as What)}
        data={WHATS.map((value) => ({ value, label: WHAT_WORDS[value] }))}
      />
      <Select
        label="To the server"
        name="target-server"
        value={endpoint ?? ""}
        onChange={(event) => setServer(event.currentTarget.value)}
        data={servers.map(({ url, name }) => ({ value: url, label: name }))}
      />
      <Select
        label="Tool"
        name="target-tool"
        value={tool?.name ?? ""}
        onChange={(event) => setTool(event.currentTarget.value)}
        data={tools.map(({ name }) => ({ value: name, label: name }))}
        disabled={tools.length === 0}
        error={found.status === "failed" ? found.problem : undefined}
      />
      <Select
        label="As its argument"
        name="target-argument"
        value={argument}
        onChange={(event) => setArgument(event.currentTarget.value)}
        data={args.map((value) => ({ value, label: value }))}
        disabled={args.length === 0}
      />
      <TextField
        label="Its other arguments"
        description="JSON, the same every time; may be left out"
        name="target-others"
        value={others}
        placeholder="{ }"
        spellCheck={false}
        onChange={(event) => setOthers(event.currentTarget.value)}
        error={problem}
      />
      <TextField
        label="In the menu"
        name="target-title"
        value={title}
        placeholder={suggested}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Button type="submit" name="add-target">
        Add the entry
      </Button>
    </form>
  );
}

/** The arguments that take a text. */
function argumentsOf({ definition }: ListedTool): string[] {
  const schema = definition.inputSchema;
  const properties = isRecord(schema) && isRecord(schema.properties) ? schema.properties : {};
  return Object.entries(properties).flatMap(([name, property]) => {
    const type = isRecord(property) ? property.type : undefined;
    return type === undefined || type === "string" ? [name] : [];
  });
}
