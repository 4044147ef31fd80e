import { type InputHTMLAttributes, type TextareaHTMLAttributes, useState } from "react";
import { Field, type FieldProps } from "./field.tsx";

export type TextFieldProps = FieldProps & InputHTMLAttributes<HTMLInputElement>;

export function TextField({ label, description, error, id, className, ...rest }: TextFieldProps) {
  return (
    <Field {...{ label, description, error, id, className }}>
      {(names) => <input {...rest} {...names} className="input" />}
    </Field>
  );
}

/** A secret: what is typed is hidden until the person asks to see it. */
export function SecretField({
  label,
  description,
  error,
  id,
  className,
  showLabel,
  ...rest
}: TextFieldProps & { readonly showLabel: string }) {
  const [isShown, setShown] = useState(false);
  return (
    <Field {...{ label, description, error, id, className }}>
      {(names) => (
        <span className="secret">
          <input {...rest} {...names} type={isShown ? "text" : "password"} className="input" />
          <button
            type="button"
            className="secret-toggle"
            aria-label={showLabel}
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? "Hide" : "Show"}
          </button>
        </span>
      )}
    </Field>
  );
}

export interface TextAreaProps extends FieldProps, TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly inputClass?: string;
}

export function TextArea({ label, description, error, id, className, inputClass, ...rest }: TextAreaProps) {
  return (
    <Field {...{ label, description, error, id, className }}>
      {(names) => <textarea {...rest} {...names} className={inputClass ? `input ${inputClass}` : "input"} />}
    </Field>
  );
}
