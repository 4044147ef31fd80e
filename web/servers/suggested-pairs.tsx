import type { ListedTool } from "holdfast";
import { type PairSuggestion, type Pairs, readPairs, suggestPairs } from "holdfast/pairs";
import { useMemo, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import { TextArea } from "../../ui/controls/text-field.tsx";

interface SuggestedPairsProps {
  readonly tools: readonly ListedTool[];
  /** Stores the description with the server; absent where it is configured elsewhere. */
  readonly use?: ((pairs: Pairs) => Promise<void>) | undefined;
}

/** Tools of a server without Tasks that look like one task. A person reads, corrects and confirms each. */
export function SuggestedPairs({ tools, use }: SuggestedPairsProps) {
  const suggestions = useMemo(() => suggestPairs(tools.map(({ definition }) => definition)), [tools]);
  const likely = suggestions.filter(({ confidence }) => confidence === "high");
  if (likely.length === 0) return null;
  return (
    <section aria-labelledby="pairs-title">
      <h3 id="pairs-title">These look like one task</h3>
      <p className="quiet">
        The server offers long work as several tools. As one task it has progress, survives the page, and
        agents see one tool. Check the description first: it is a guess, made from what the server says of its
        tools.
      </p>
      {likely.map((suggestion) => (
        <Suggestion key={suggestion.pair.start.tool} suggestion={suggestion} use={use} />
      ))}
    </section>
  );
}

function Suggestion({
  suggestion,
  use,
}: Pick<SuggestedPairsProps, "use"> & { readonly suggestion: PairSuggestion }) {
  const { name, pair, reasons, toCheck } = suggestion;
  const [text, setText] = useState(() => JSON.stringify({ [name]: pair }, undefined, 2));
  const [problem, setProblem] = useState<string>();
  const tools = [pair.start, pair.status, pair.result, pair.cancel].flatMap((part) => part?.tool ?? []);
  const confirm = (): void => {
    try {
      const pairs = readPairs(JSON.parse(text));
      use?.(pairs).catch((error: unknown) => setProblem(`The description could not be stored: ${error}`));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <details>
      <summary>
        <bdi>{tools.join(", ")}</bdi>
      </summary>
      <ul>
        {reasons.map((reason) => (
          <li key={reason}>
            <bdi>{reason}</bdi>
          </li>
        ))}
      </ul>
      {toCheck.length > 0 && <p className="quiet">To check: {toCheck.join(", ")}</p>}
      <TextArea
        label={`Description of ${name}`}
        description={
          use ? undefined : "For the configuration of this server: the option pairs of its endpoint"
        }
        value={text}
        error={problem}
        readOnly={!use}
        rows={12}
        spellCheck={false}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setProblem(undefined);
        }}
      />
      {use && (
        <Button size="small" onClick={confirm}>
          Use as one task
        </Button>
      )}
    </details>
  );
}
