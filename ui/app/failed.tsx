import { Button } from "../controls/button.tsx";

/** What went wrong in asking, and a way to ask again. */
export function Failed({ problem, again }: { readonly problem: string; readonly again: () => void }) {
  return (
    <div role="alert">
      <p>{problem}</p>
      <Button size="small" variant="default" onClick={again}>
        Try again
      </Button>
    </div>
  );
}
