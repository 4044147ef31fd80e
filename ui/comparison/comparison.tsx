import type { Task, TaskView, ToolResult } from "holdfast";
import { useEffect, useMemo, useState } from "react";
import { explain } from "../app/advice.ts";
import { roughly } from "../app/duration.ts";
import { useTasks } from "../clients/hooks.ts";
import { useWorkspace } from "../clients/workspace-context.ts";
import { Select } from "../controls/choice.tsx";
import { argumentsLineOf } from "../tasks/task-words.ts";
import { isComparable } from "./comparable.ts";
import { Difference } from "./difference.tsx";

/** How many earlier results can be chosen. */
const OFFERED = 50;
const LONGEST_WORD = 60;

export interface ComparisonProps {
  readonly task: Task;
  readonly result: ToolResult;
}

/** The difference between a result and another of the same tool, which the reader chooses. */
export default function Comparison({ task, result }: ComparisonProps) {
  const comparable = useTasks({ where: (other) => isComparable(task.view, other) });
  const [chosen, setChosen] = useState("");
  const others = useMemo(() => comparable.toReversed().slice(0, OFFERED), [comparable]);
  const other = others.find(({ id }) => id === chosen);
  if (others.length === 0) return null;
  return (
    <div className="comparison">
      <Select
        small
        label="Compare with"
        value={other ? chosen : ""}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={[
          { value: "", label: "Nothing" },
          ...others.map((view) => ({ value: view.id, label: wordFor(view) })),
        ]}
      />
      {other && <OtherResult key={other.id} view={other} task={task} result={result} />}
    </div>
  );
}

interface OtherResultProps extends ComparisonProps {
  readonly view: TaskView;
}

function OtherResult({ view, task, result }: OtherResultProps) {
  const { client } = useWorkspace();
  const [other, setOther] = useState<ToolResult>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let current = true;
    const read = async (): Promise<ToolResult | undefined> => (await client.get(view.id))?.result();
    read().then(
      (found) => current && (found ? setOther(found) : setProblem("That task is no longer here.")),
      (error: unknown) => current && setProblem(explain(error)),
    );
    return () => {
      current = false;
    };
  }, [client, view.id]);
  if (problem !== undefined) return <p role="alert">{problem}</p>;
  if (!other)
    return (
      <p className="quiet" role="status">
        Fetching the other result…
      </p>
    );
  // The earlier call is the one that things changed from.
  return view.createdAt <= task.view.createdAt ? (
    <Difference before={other} after={result} words={["the other result", "this result"]} />
  ) : (
    <Difference before={result} after={other} words={["this result", "the other result"]} />
  );
}

function wordFor(view: TaskView): string {
  const args = argumentsLineOf(view);
  const short = args.length > LONGEST_WORD ? `${args.slice(0, LONGEST_WORD)}…` : args;
  return `${roughly(Date.now() - view.createdAt)} ago${short === "" ? "" : `: ${short}`}`;
}
