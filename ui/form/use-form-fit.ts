import { useMemo, useState } from "react";
import { unfitForForm } from "./form-fit.ts";

export interface FormFit {
  /** Why the schema has no form; undefined if it has one. */
  readonly unfit: string | undefined;
  /** The form library failed: from now on there is no form. */
  readonly broke: () => void;
}

/** Whether a schema has a form. A large one is looked through once, and not at each key that is pressed. */
export function useFormFit(schema: unknown): FormFit {
  const unfit = useMemo(() => unfitForForm(schema), [schema]);
  const [broken, setBroken] = useState(false);
  return {
    unfit: unfit ?? (broken ? "The form could not be shown" : undefined),
    broke: () => setBroken(true),
  };
}
