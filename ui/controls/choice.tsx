import { type InputHTMLAttributes, type SelectHTMLAttributes, useId } from "react";
import { Field, type FieldProps } from "./field.tsx";

export interface Choice<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
}

export interface SelectProps extends FieldProps, SelectHTMLAttributes<HTMLSelectElement> {
  readonly data: readonly Choice[];
  readonly small?: boolean;
}

/** One of a list, by the browser's own list. */
export function Select({ label, description, error, id, className, data, small, ...rest }: SelectProps) {
  return (
    <Field {...{ label, description, error, id, className }}>
      {(names) => (
        <select {...rest} {...names} className="input" data-size={small ? "small" : undefined}>
          {data.map(({ value, label: word }) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface SegmentsProps<Value extends string> {
  readonly "aria-label": string;
  readonly value: Value;
  readonly data: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
}

/** One of two or three, all of them in sight. */
export function Segments<Value extends string>({ value, data, onChange, ...rest }: SegmentsProps<Value>) {
  const name = useId();
  return (
    <div className="segments" role="radiogroup" {...rest}>
      {data.map(({ value: each, label }) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={each === value}
            onChange={() => onChange(each)}
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}

export type ToggleProps = Pick<FieldProps, "label" | "description"> &
  Omit<InputHTMLAttributes<HTMLInputElement>, "role" | "type">;

/** Something that is on or off; `Switch` for what takes effect at once. */
export function Checkbox(props: ToggleProps) {
  return <Toggle {...props} />;
}

export function Switch(props: ToggleProps) {
  return <Toggle {...props} role="switch" />;
}

function Toggle({ label, description, ...rest }: ToggleProps & { readonly role?: "switch" }) {
  const id = useId();
  return (
    <div className="toggle">
      <input
        {...rest}
        type="checkbox"
        id={id}
        aria-describedby={description ? `${id}-description` : undefined}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {description && (
          <p className="quiet" id={`${id}-description`}>
            {description}
          </p>
        )}
      </div>
    </div>
  );
}
