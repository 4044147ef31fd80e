import { lazy, Suspense } from "react";
import { FormBoundary } from "./form-boundary.tsx";
import type { SchemaFormProps } from "./schema-form.tsx";

const SchemaForm = lazy(() => import("./schema-form.tsx"));

export interface LazySchemaFormProps extends SchemaFormProps {
  /** The form could not be shown: something else has to be. */
  readonly onBroken: () => void;
}

/** A form for any JSON Schema, whose code is fetched with the first one. */
export function LazySchemaForm({ onBroken, ...form }: LazySchemaFormProps) {
  return (
    <FormBoundary onBroken={onBroken}>
      <Suspense fallback={<p className="quiet form-coming">Making the form…</p>}>
        <SchemaForm {...form} />
      </Suspense>
    </FormBoundary>
  );
}
