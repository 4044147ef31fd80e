import { type ReactNode, useId } from "react";

/** What stands around a control: its label, what it is for, and what is wrong with it. */
export interface FieldProps {
  readonly label?: ReactNode;
  readonly description?: ReactNode;
  readonly error?: ReactNode;
}

/** What joins a control to the texts around it. */
export interface FieldNames {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

export interface FieldFrameProps extends FieldProps {
  readonly id?: string | undefined;
  readonly className?: string | undefined;
  readonly children: (names: FieldNames) => ReactNode;
}

export function Field({ label, description, error, id: given, className, children }: FieldFrameProps) {
  const own = useId();
  const id = given ?? own;
  const texts = { description, error };
  const described = Object.entries(texts).flatMap(([part, text]) => (text ? `${id}-${part}` : []));
  return (
    <div className={className ? `field ${className}` : "field"}>
      {label && <label htmlFor={id}>{label}</label>}
      {description && (
        <p className="quiet" id={`${id}-description`}>
          {description}
        </p>
      )}
      {children({
        id,
        "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
