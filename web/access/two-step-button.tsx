import { useState } from "react";
import { Button } from "../../ui/controls/button.tsx";

export interface TwoStepButtonProps {
  readonly label: string;
  /** What is asked before it is done. */
  readonly question: string;
  /** What it is done to: part of the names of the buttons, for screen readers, which read them one by one. */
  readonly of: string;
  readonly act: () => Promise<void>;
}

/** A button for what cannot be taken back: it asks once more, in its place. */
export function TwoStepButton({ label, question, of, act }: TwoStepButtonProps) {
  const [step, setStep] = useState<"closed" | "asking" | "acting">("closed");
  const [problem, setProblem] = useState<string>();
  const go = (): void => {
    setStep("acting");
    setProblem(undefined);
    act()
      .catch((error: unknown) => setProblem(String((error as Error).message)))
      .finally(() => setStep("closed"));
  };
  if (step === "closed")
    return (
      <>
        <Button
          size="small"
          variant="default"
          aria-label={`${label} ${of}`}
          onClick={() => setStep("asking")}
        >
          {label}
        </Button>
        {problem !== undefined && <span role="alert">{problem}</span>}
      </>
    );
  return (
    <fieldset className="two-step" aria-label={`${label} ${of}`}>
      <span>{question}</span>
      <Button size="small" variant="danger" disabled={step === "acting"} onClick={go} autoFocus>
        {label}
      </Button>
      <Button size="small" variant="default" disabled={step === "acting"} onClick={() => setStep("closed")}>
        Back
      </Button>
    </fieldset>
  );
}
