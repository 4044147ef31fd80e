import { type ErrorSchema, ErrorSchemaBuilder, type RJSFSchema } from "@rjsf/utils";
import { type MouseEvent, type ReactNode, useMemo } from "react";
import { FormLook } from "./form-look.tsx";
import { ThemedForm } from "./form-theme.ts";
import { formValidator } from "./form-validator.ts";
import { tameForForm } from "./tame-schema.ts";
import { Unchecked } from "./unchecked.tsx";

export interface SchemaFormProps {
  readonly schema: unknown;
  /** Apart from all other forms on the page. */
  readonly id: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  /** Called with what fits the schema, and with nothing else. */
  readonly onSubmit: (value: unknown) => void;
  /** What else is wrong with fields, by their names: a server may know more than the schema says. */
  readonly refused?: Readonly<Record<string, readonly string[]>>;
  /** The buttons below the fields. */
  readonly children: ReactNode;
}

/** What nobody has filled in is not sent: neither the first of some choices nor the first item of a list. */
const UNTOUCHED = { constAsDefaults: "skipOneOf", arrayMinItems: { populate: "requiredOnly" } } as const;

/** A form for any JSON Schema; what is wrong with a field is said beside it. */
export default function SchemaForm(props: SchemaFormProps) {
  const { schema, id, value, onChange, onSubmit, refused, children } = props;
  const extraErrors = useMemo(() => refused && errorsOf(refused), [refused]);
  const { schema: shaped, left } = useMemo(() => tameForForm(schema), [schema]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: nothing is done here but leaving the focus where it is.
    <div className="schema-form" onMouseDown={keepFocus}>
      <FormLook>
        <ThemedForm
          schema={shaped as RJSFSchema}
          validator={formValidator}
          formData={value}
          idPrefix={id}
          liveValidate="onBlur"
          showErrorList={false}
          noHtml5Validate
          experimental_defaultFormStateBehavior={UNTOUCHED}
          focusOnFirstError
          {...(extraErrors && { extraErrors })}
          onChange={({ formData }) => onChange(formData)}
          onSubmit={({ formData }) => onSubmit(formData)}
          // Said beside the fields; by itself it would say it in the browser's console.
          onError={() => undefined}
        >
          <Unchecked patterns={left} />
          {children}
        </ThemedForm>
      </FormLook>
    </div>
  );
}

function errorsOf(refused: Readonly<Record<string, readonly string[]>>): ErrorSchema<unknown> {
  const builder = new ErrorSchemaBuilder<unknown>();
  for (const [field, problems] of Object.entries(refused)) builder.addErrors([...problems], [field]);
  return builder.ErrorSchema;
}

/**
 * A field that loses the focus is checked, and what was said beside it comes or goes. A button below moves with that: pressed
 * in one place and released in another, it would not be clicked.
 */
function keepFocus(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
}
