import { Textarea } from "@mantine/core";

export interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly fault: string | undefined;
}

/** JSON as text, for whoever would rather type it than fill in a form. */
export function JsonField({ label, text, onChange, fault }: JsonFieldProps) {
  return (
    <Textarea
      label={label}
      name="arguments"
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={fault}
      rows={10}
      spellCheck={false}
      classNames={{ input: "mono" }}
    />
  );
}
