import { useMemo, useState } from "react";
import { unfitForForm } from "./form-fit.ts";

export interface FormFit {
  /** Why there is no form for the schema, if there is none. */
  readonly unfit: string | undefined;
  /** The form library has failed at it: from now on there is none. */
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
