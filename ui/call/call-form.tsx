import type { JsonObject, ListedTool, TaskView } from "holdfast";
import { observeTasks } from "holdfast/observe";
import { type ClipboardEvent, type ReactNode, useState } from "react";
import { useWorkspace } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { Segments } from "../controls/choice.tsx";
import { JsonField } from "../form/json-field.tsx";
import { parseObject } from "../form/json-object.ts";
import { LazySchemaForm } from "../form/lazy-schema-form.tsx";
import { checkAgainst } from "../form/schema-problems.ts";
import { useFormFit } from "../form/use-form-fit.ts";
import { type Draft, draftOf, keepDraft } from "./drafts.ts";
import { SaveCall } from "./save-call.tsx";
import type { Support } from "./task-support.ts";
import { useCallTool } from "./use-call-tool.ts";

export interface CallFormProps {
  readonly server: string;
  readonly tool: ListedTool;
  readonly support: Support;
}

/** The arguments of a tool, by a form or as JSON, and the button that calls it. */
export function CallForm({ server, tool, support }: CallFormProps) {
  const { client } = useWorkspace();
  const [draft, setDraft] = useState<Draft>(() =>
    // Read once: a form that followed the tasks would be drawn anew with each of their steps.
    draftOf(server, tool.name, lastArguments(observeTasks(client).get(), server, tool.name)),
  );
  const [pasted, setPasted] = useState(false);
  const [jsonProblem, setJsonProblem] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const { callTool, isCalling } = useCallTool(setProblem);
  const call = (args: JsonObject): void =>
    callTool(server, tool.name, args, support.choice ? { prefer: draft.prefer } : {}, tool.definition);
  const schema = tool.definition.inputSchema ?? { type: "object" };
  const { unfit, broke } = useFormFit(schema);
  const mode = unfit ? "json" : draft.mode;
  const change = (part: Partial<Draft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    keepDraft(server, tool.name, next);
  };
  const turnTo = (next: Draft["mode"]): void => {
    setJsonProblem(undefined);
    if (next === "json") return change({ mode: next, text: JSON.stringify(draft.value ?? {}, undefined, 2) });
    const parsed = parseObject(draft.text);
    if (!parsed.ok) return setJsonProblem(`${parsed.problem}. Correct it to use the form.`);
    change({ mode: next, value: parsed.value });
  };
  const callText = (): void => {
    const parsed = parseObject(draft.text);
    if (!parsed.ok) return setJsonProblem(parsed.problem);
    setJsonProblem(undefined);
    call(parsed.value);
  };
  const argumentsNow = (): JsonObject | undefined => {
    if (mode === "form") return (draft.value ?? {}) as JsonObject;
    const parsed = parseObject(draft.text);
    return parsed.ok ? parsed.value : undefined;
  };
  /** Arguments as JSON, pasted into any field, are the whole call's: no field takes them for its own. */
  const paste = (event: ClipboardEvent): void => {
    if (mode !== "form") return;
    const parsed = parseObject(event.clipboardData.getData("text"));
    if (!parsed.ok || !namesFields(parsed.value, schema)) return;
    event.preventDefault();
    change({ value: parsed.value });
    setPasted(true);
  };
  const foot = (
    <CallFoot draft={draft} support={support} pending={isCalling} problem={problem} onChange={change}>
      <SaveCall server={server} tool={tool.name} read={argumentsNow} />
    </CallFoot>
  );
  return (
    <section aria-labelledby="tool-title" className="call-form" onPaste={paste}>
      <h2 id="tool-title">
        <bdi>{typeof tool.definition.title === "string" ? tool.definition.title : tool.name}</bdi>
      </h2>
      <p className="quiet">
        <bdi className="mono">{tool.name}</bdi> · {support.detail}
      </p>
      {typeof tool.definition.description === "string" && (
        <p className="tool-description">
          <bdi>{tool.definition.description}</bdi>
        </p>
      )}
      {unfit ? (
        <p className="quiet">{unfit}: write the arguments as JSON.</p>
      ) : (
        <Segments
          aria-label="Arguments as"
          value={mode}
          onChange={(next) => turnTo(next)}
          data={[
            { value: "form", label: "Form" },
            { value: "json", label: "JSON" },
          ]}
        />
      )}
      {pasted && (
        <p className="quiet" role="status">
          The form has the arguments that you pasted.
        </p>
      )}
      {mode === "form" ? (
        <LazySchemaForm
          schema={schema}
          id="argument"
          value={draft.value}
          onChange={(value) => change({ value })}
          onSubmit={(value) => call((value ?? {}) as JsonObject)}
          onBroken={() => {
            broke();
            turnTo("json");
          }}
        >
          {foot}
        </LazySchemaForm>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            callText();
          }}
        >
          <JsonField
            label="Arguments"
            text={draft.text}
            onChange={(text) => change({ text })}
            problem={jsonProblem}
          />
          <JsonProblems schema={schema} text={draft.text} />
          {foot}
        </form>
      )}
    </section>
  );
}

/** What a tool was called with last; lists leave long arguments out. */
function lastArguments(tasks: readonly TaskView[], server: string, tool: string): JsonObject | undefined {
  const last = tasks.findLast((task) => task.endpoint === server && task.tool === tool);
  return last?.omitted?.includes("arguments") ? undefined : last?.arguments;
}

/** Whether an object has nothing but fields of the schema. */
function namesFields(value: JsonObject, schema: unknown): boolean {
  const { properties } = Object(schema) as { readonly properties?: unknown };
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => Object.hasOwn(Object(properties) as object, name));
}

/** What the schema has against typed JSON. It is sent all the same: to see what a server says may be the point. */
function JsonProblems({ schema, text }: { readonly schema: unknown; readonly text: string }) {
  const parsed = parseObject(text);
  const check = parsed.ok ? checkAgainst(schema, parsed.value) : undefined;
  if (check?.kind !== "checked" || check.problems.length === 0) return null;
  return (
    <ul className="quiet json-problems" aria-label="Problems with the schema">
      {check.problems.slice(0, 10).map(({ path, keyword, message }) => (
        <li key={`${path.join("/")} ${keyword}`}>
          <bdi className="mono">{path.join(".") || "the whole"}</bdi> {message}
        </li>
      ))}
    </ul>
  );
}

interface CallFootProps {
  readonly draft: Draft;
  readonly support: Support;
  readonly pending: boolean;
  readonly problem: string | undefined;
  readonly onChange: (part: Partial<Draft>) => void;
  readonly children: ReactNode;
}

function CallFoot({ draft, support, pending, problem, onChange, children }: CallFootProps) {
  return (
    <div className="call-foot">
      {support.choice && (
        <Segments
          aria-label="Run it"
          value={draft.prefer}
          onChange={(prefer) => onChange({ prefer: prefer === "plain" ? "plain" : "task" })}
          data={[
            { value: "task", label: "As a task" },
            { value: "plain", label: "Plainly" },
          ]}
        />
      )}
      <Button type="submit" disabled={pending}>
        {pending ? "Calling…" : "Call"}
      </Button>
      {children}
      {problem && <p role="alert">{problem}</p>}
    </div>
  );
}
