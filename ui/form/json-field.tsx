import { TextArea } from "../controls/text-field.tsx";

export interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly problem: string | undefined;
}

/** JSON as text, for people who would rather type it than fill in a form. */
export function JsonField({ label, text, onChange, problem }: JsonFieldProps) {
  return (
    <TextArea
      label={label}
      name="arguments"
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={problem}
      rows={10}
      spellCheck={false}
      inputClass="mono"
    />
  );
}
